using System;
using System.Diagnostics;
using SpaceRuntime;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceTests
{
    /// <summary>Loops that tests need inside .NET: calls from Python cost time and memory of their own.</summary>
    public static class Probe
    {
        /// <summary>Decodes slices of a blob: 0 message, 1 WireException, 2 another exception, 3 not written back.</summary>
        public static byte[] DecodeAll(byte[] blob, int[] lengths, bool reuse)
        {
            var results = new byte[lengths.Length];
            var reader = new MessageReader(reuse);
            var writer = new MessageWriter();
            for (int i = 0, at = 0; i < lengths.Length; at += lengths[i], i++)
            {
                try
                {
                    Message message = reader.Read(new ArraySegment<byte>(blob, at, lengths[i]));
                    if (message == null) continue;
                    byte[] written = writer.Write(message).AsSpan().ToArray();
                    byte[] again = Wire.Encode(Wire.Decode(written));
                    if (!written.AsSpan().SequenceEqual(again)) results[i] = 3;
                }
                catch (WireException)
                {
                    results[i] = 1;
                }
                catch (Exception)
                {
                    results[i] = 2;
                }
            }
            return results;
        }

        /// <summary>Writes messages that cannot be written: the names of the exceptions.</summary>
        public static string[] Unwritable()
        {
            Message[] messages =
            {
                new ByeMessage(),
                new ByeMessage { Reason = "\ud800" },
                new ByeMessage { Reason = new string('x', 4097) },
                new PingMessage { Nonce = 1UL << 63 },
                new StartedMessage { Sample = double.NaN },
                new FrameMessage { Weights = new float[51] },
                new FrameMessage { Head = new float[] { 0, 0, float.PositiveInfinity, 0, 0, 0 } },
                new HelloMessage { Versions = new uint[257], Client = "" },
                new IdleMessage { Controls = { Emotion = new[] { new NamedValue("a", 1), new NamedValue("a", 0) } } },
                new IdleMessage { Controls = { Emotion = new NamedValue[1] } },
                new ResumeMessage(),
            };
            return Array.ConvertAll(messages, message =>
            {
                try
                {
                    Wire.Encode(message);
                    return "none";
                }
                catch (Exception error)
                {
                    return error.GetType().Name;
                }
            });
        }

        /// <summary>Reads a message again and again: microseconds and allocated bytes for each.</summary>
        public static double[] ReadCost(byte[] data, int times)
        {
            var reader = new MessageReader(true);
            var bytes = new ArraySegment<byte>(data);
            for (int i = 0; i < 2000; i++) reader.Read(bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            for (int i = 0; i < times; i++) reader.Read(bytes);
            double microseconds = watch.Elapsed.TotalMilliseconds * 1000 / times;
            return new[] { microseconds, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)times };
        }

        /// <summary>Writes a message again and again: microseconds and allocated bytes for each.</summary>
        public static double[] WriteCost(byte[] data, int times)
        {
            Message message = Wire.Decode(data);
            var writer = new MessageWriter();
            for (int i = 0; i < 2000; i++) writer.Write(message);
            long before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            for (int i = 0; i < times; i++) writer.Write(message);
            double microseconds = watch.Elapsed.TotalMilliseconds * 1000 / times;
            return new[] { microseconds, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)times };
        }

        /// <summary>Puts frames and samples between them: microseconds for each pair, allocated bytes for each pair.</summary>
        public static double[] JitterCost(byte[] frame, int times)
        {
            var message = (FrameMessage)Wire.Decode(frame);
            var buffer = new JitterBuffer();
            var pose = new FacePose();
            buffer.Begin(message.Stream, 16000);
            long before = 0;
            var watch = new Stopwatch();
            for (int i = -5000; i < times; i++)
            {
                if (i == 0)
                {
                    before = GC.GetAllocatedBytesForCurrentThread();
                    watch.Start();
                }
                message.Index = (uint)(i + 5000);
                message.Sample = (i + 5000) * 533.0;
                buffer.Put(message);
                buffer.Evaluate(message.Sample - 800, 1 / 30.0, pose);
            }
            double allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            return new[] { watch.Elapsed.TotalMilliseconds * 1000 / times, allocated / times };
        }

        /// <summary>
        /// Receives so many messages whose first four bytes count up: how many came, how often one was missing, bytes, and
        /// milliseconds between the first and the last.
        /// </summary>
        public static double[] Drain(ZmtpConnection connection, int messages, int timeoutMs)
        {
            var watch = new Stopwatch();
            long bytes = 0, expected = -1;
            int came = 0, gaps = 0;
            double last = 0;
            while (came < messages && connection.Receive(timeoutMs, out ZmtpMessage message))
            {
                using (message)
                {
                    watch.Start();
                    uint number = BitConverter.ToUInt32(message[0].Array, message[0].Offset);
                    if (expected >= 0 && number != expected) gaps++;
                    expected = number + 1L;
                    bytes += message.Bytes;
                    came++;
                    last = watch.Elapsed.TotalMilliseconds;
                }
            }
            return new[] { came, gaps, bytes, last };
        }

        /// <summary>Plays a session 60 times a second: frames and textures shown, wrong pixels, a sum.</summary>
        public static double[] Play(SpaceSession session, double from, double seconds, double rate)
        {
            var pose = new FacePose();
            var watch = Stopwatch.StartNew();
            double before = 0;
            int playing = 0, textures = 0;
            long sum = 0, wrong = 0;
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                double now = watch.Elapsed.TotalSeconds;
                session.Evaluate((from + now) * rate, now - before, pose);
                before = now;
                if (pose.State == FaceState.Playing) playing++;
                using (TextureImage image = session.TakeTexture((from + now) * rate))
                {
                    if (image != null)
                    {
                        textures++;
                        sum += image.Pixels.Array[image.Pixels.Offset];
                        if (image.Pixels.Array[image.Pixels.Offset + image.Pixels.Count - 1] != (byte)image.Index) wrong++;
                    }
                }
                System.Threading.Thread.Sleep(16);
            }
            return new double[] { playing, textures, wrong, sum };
        }

        /// <summary>
        /// Asks for a face as an engine does, but more often: the middle, the 99th percentile and the longest of the times in
        /// milliseconds, and the number of poses with a weight outside 0 … 1.
        /// </summary>
        public static double[] EvaluateTimes(SpaceSession session, double seconds)
        {
            var pose = new FacePose();
            var took = new System.Collections.Generic.List<double>();
            var watch = Stopwatch.StartNew();
            int wrong = 0, n = 0;
            while (watch.Elapsed.TotalSeconds < seconds || took.Count == 0)
            {
                double before = watch.Elapsed.TotalMilliseconds;
                session.Evaluate(before * 16, 1 / 60.0, pose);
                if (++n > 5) took.Add(watch.Elapsed.TotalMilliseconds - before); // those before are compiled meanwhile
                if (!Array.TrueForAll(pose.Blendshapes, weight => weight >= 0 && weight <= 1)) wrong++;
                session.TakeTexture(before * 16)?.Dispose();
                while (session.TryTakeEvent(out _)) { }
                System.Threading.Thread.Sleep(2);
            }
            took.Sort();
            return new[] { took[took.Count / 2], took[took.Count * 99 / 100], took[took.Count - 1], wrong };
        }

        /// <summary>Takes all events of a session.</summary>
        public static SpaceEvent[] Events(SpaceSession session)
        {
            var found = new System.Collections.Generic.List<SpaceEvent>();
            while (session.TryTakeEvent(out SpaceEvent taken)) found.Add(taken);
            return found.ToArray();
        }

        /// <summary>Pushes chunks of silence and samples: allocated bytes of this thread for each.</summary>
        public static double PushCost(SpaceSession session, int times)
        {
            var chunk = new short[320];
            var pose = new FacePose();
            long before = 0;
            for (int i = -200; i < times; i++)
            {
                if (i == 0) before = GC.GetAllocatedBytesForCurrentThread();
                session.Push(chunk);
                session.Evaluate(i * 320, 0.02, pose);
                System.Threading.Thread.Sleep(1);
            }
            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)times;
        }
    }
}
