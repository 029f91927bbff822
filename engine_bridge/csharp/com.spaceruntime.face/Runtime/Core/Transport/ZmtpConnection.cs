using System;
using System.Collections.Generic;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>Kinds of sockets.</summary>
    public enum ZmtpSocketType
    {
        /// <summary>Sends and receives; talks to a ROUTER, DEALER or REP.</summary>
        Dealer,

        /// <summary>Receives what it has subscribed to; talks to a PUB or XPUB.</summary>
        Sub,
    }

    /// <summary>
    /// A ZeroMQ socket in C#: DEALER or SUB over TCP, ZMTP 3.1, mechanism NULL. It connects in the background, again and
    /// again, and keeps two threads of its own; no method waits for the network. All methods may be called from any thread.
    /// </summary>
    public sealed class ZmtpConnection : IDisposable
    {
        /// <summary>Longest time that <see cref="Dispose"/> waits for the threads, in milliseconds.</summary>
        private const int DisposeMs = 60;

        /// <summary>A link that has lived so many milliseconds makes the pauses short again.</summary>
        private const int ProvenMs = 1000;

        private readonly ZmtpSocketType type;
        private readonly ZmtpOptions options;
        private readonly ZmtpInbox inbox;
        private readonly ZmtpOutbox outbox;
        private readonly List<byte[]> topics = new List<byte[]>();
        private readonly ManualResetEvent stop = new ManualResetEvent(false);
        private readonly object gate = new object();
        private ZmtpDialer dialer;
        private Thread reader, writer;
        private ZmtpLink live;
        private volatile bool stopping;
        private volatile int epoch;
        private volatile string lastError = "";
        private int epochs;
        private long connectedAt;
        private string lastSaid;

        /// <summary>Makes a socket that is not connected yet.</summary>
        public ZmtpConnection(ZmtpSocketType type, ZmtpOptions options = null)
        {
            this.type = type;
            this.options = options ?? new ZmtpOptions();
            inbox = new ZmtpInbox(this.options, Counters, type == ZmtpSocketType.Sub);
            outbox = new ZmtpOutbox(this.options, Counters);
        }

        /// <summary>Counters since it was made.</summary>
        public ZmtpCounters Counters { get; } = new ZmtpCounters();

        /// <summary>True while a peer is connected and has shaken hands.</summary>
        public bool IsConnected => epoch != 0;

        /// <summary>Number of the current link, rising with each; 0 while there is none.</summary>
        public int Epoch => epoch;

        /// <summary>Why the last link ended or did not come about; empty before.</summary>
        public string LastError => lastError;

        /// <summary>Messages that wait to be received.</summary>
        public int Waiting => inbox.Count;

        /// <summary>The pool that detached buffers go back to.</summary>
        public BufferPool Pool => inbox.Pool;

        /// <summary>Begins to connect. Raises <see cref="ArgumentException"/> for an address that cannot be used.</summary>
        public void Connect(string address)
        {
            ZmtpEndpoint endpoint = ZmtpEndpoint.Parse(address);
            if (endpoint.IsRemoteAddress && !options.AllowRemote)
                throw new ArgumentException($"{address} is on another machine, and remote connections were not allowed");
            lock (gate)
            {
                if (reader != null) throw new InvalidOperationException("already connected");
                if (stopping) throw new ObjectDisposedException(nameof(ZmtpConnection));
                dialer = new ZmtpDialer(endpoint, options, stop);
                reader = new Thread(ReadLoop) { IsBackground = true, Name = "space zmtp read" };
                writer = new Thread(WriteLoop) { IsBackground = true, Name = "space zmtp write" };
                reader.Start();
                writer.Start();
            }
        }

        /// <summary>A SUB receives from now on what begins with these bytes.</summary>
        public void Subscribe(byte[] topic) => Subscription(topic, true);

        /// <summary>Takes a subscription back.</summary>
        public void Unsubscribe(byte[] topic) => Subscription(topic, false);

        /// <summary>Queues a message of several parts; the bytes are copied. False where the queue is full.</summary>
        public bool Send(params byte[][] parts)
        {
            if (parts.Length == 0) throw new ArgumentException("a message has at least one part");
            long size = 0;
            foreach (byte[] part in parts) size += ZmtpFraming.HeadSize(part.Length) + part.Length;
            byte[] rented = outbox.Pool.Rent(checked((int)size));
            int at = 0;
            for (int i = 0; i < parts.Length; i++)
                at = WritePart(rented, at, parts[i], i + 1 < parts.Length ? ZmtpFraming.More : 0);
            return Put(rented, at, 0);
        }

        /// <summary>
        /// Queues a message of one part; the bytes are copied. False where the queue is full. An <paramref name="epoch"/>
        /// other than 0 lets it go out on that link alone: when that one is gone, it is dropped.
        /// </summary>
        public bool Send(ArraySegment<byte> part, int epoch = 0)
        {
            byte[] rented = outbox.Pool.Rent(ZmtpFraming.HeadSize(part.Count) + part.Count);
            return Put(rented, WritePart(rented, 0, part, 0), epoch);
        }

        /// <summary>Takes the oldest message, or waits for one for so many milliseconds. Dispose it after reading.</summary>
        public bool Receive(int timeoutMs, out ZmtpMessage message) => inbox.TryTake(timeoutMs, out message);

        /// <summary>Waits until everything is on its way, at most so many milliseconds; not at all while unconnected.</summary>
        public void WaitSent(int timeoutMs) => outbox.WaitEmpty(timeoutMs);

        /// <summary>Ends the current link, which is then made anew.</summary>
        public void Drop(string reason)
        {
            lock (gate) live?.Abort(reason);
        }

        /// <summary>Ends everything within 100 ms, in every state. What has not been sent is lost.</summary>
        public void Dispose()
        {
            lock (gate)
            {
                if (stopping) return;
                stopping = true;
                stop.Set();
                live?.Abort("disposed");
            }
            outbox.Close();
            inbox.Close();
            long until = Clock.Ms + DisposeMs;
            bool ended = Join(reader, until) & Join(writer, until);
            while (inbox.TryTake(0, out ZmtpMessage message)) message.Dispose();
            if (ended) stop.Dispose();
        }

        private static bool Join(Thread thread, long until)
        {
            if (thread == null || thread == Thread.CurrentThread) return thread == null;
            return thread.Join((int)Math.Max(1, until - Clock.Ms));
        }

        private static int WritePart(byte[] into, int at, ArraySegment<byte> part, int flags)
        {
            at = ZmtpFraming.WriteHead(into, at, flags, part.Count);
            part.AsSpan().CopyTo(into.AsSpan(at));
            return at + part.Count;
        }

        private bool Put(byte[] rented, int length, int boundTo)
        {
            if (type == ZmtpSocketType.Sub) throw new InvalidOperationException("a SUB cannot send");
            if (outbox.TryPut(rented, length, boundTo)) return true;
            outbox.Pool.Return(rented);
            return false;
        }

        private void Subscription(byte[] topic, bool on)
        {
            if (type != ZmtpSocketType.Sub) throw new InvalidOperationException("only a SUB subscribes");
            lock (gate)
            {
                int known = topics.FindIndex(each => each.AsSpan().SequenceEqual(topic));
                if (on) topics.Add((byte[])topic.Clone());
                else if (known < 0) return;
                else topics.RemoveAt(known);
                if (epoch != 0) outbox.PutCommand(live, ZmtpFraming.Subscription(topic, on, live.PeerMinor));
            }
        }

        private void ReadLoop()
        {
            var random = new Random();
            int pause = options.ReconnectMinMs;
            while (!stopping)
            {
                connectedAt = long.MaxValue;
                RunLink();
                if (Clock.Ms - connectedAt > ProvenMs) pause = options.ReconnectMinMs;
                if (stopping || stop.WaitOne(pause + random.Next(pause / 4 + 1))) return;
                pause = Math.Min(pause * 2, options.ReconnectMaxMs);
                Interlocked.Increment(ref Counters.reconnects);
            }
        }

        private void RunLink()
        {
            ZmtpLink link = null;
            try
            {
                link = new ZmtpLink(dialer.Dial(), options.SendTimeoutMs);
                lock (gate) live = link;
                if (stopping) return;
                link.LimitTo(options.HandshakeTimeoutMs, $"the handshake took longer than {options.HandshakeTimeoutMs} ms");
                Shake(link);
                new ZmtpPump(link, inbox, outbox, options, Counters).Run();
            }
            catch (Exception error)
            {
                Report(error);
            }
            finally
            {
                lock (gate)
                {
                    live = null;
                    epoch = 0;
                    outbox.Attach(null, Array.Empty<byte[]>());
                }
                link?.Close();
            }
        }

        private void Shake(ZmtpLink link)
        {
            try
            {
                ZmtpHandshake.Run(link, type);
            }
            catch (ZmtpException error)
            {
                if (error.IsProtocol || !error.Message.StartsWith("closed", StringComparison.Ordinal)) throw;
                throw new ZmtpException(error.Message + " during the handshake; does the server require CURVE?", false);
            }
            link.ExpectLife(options.HeartbeatTimeoutMs);
            lock (gate)
            {
                link.Epoch = ++epochs;
                outbox.Attach(link, topics.ConvertAll(topic => ZmtpFraming.Subscription(topic, true, link.PeerMinor)));
                epoch = link.Epoch;
            }
            connectedAt = Clock.Ms;
            Say("connected");
        }

        private void WriteLoop()
        {
            while (outbox.Next(out ZmtpLink link, out byte[] frame, out int length, out bool isMessage))
            {
                try
                {
                    link.Send(frame, length);
                    Interlocked.Add(ref Counters.bytesOut, length);
                    if (!isMessage) continue;
                    outbox.Done();
                    Interlocked.Increment(ref Counters.messagesOut);
                }
                catch (Exception error)
                {
                    link.Abort(error.Message);
                    outbox.Detach(link);
                }
            }
        }

        private void Report(Exception error)
        {
            if (stopping) return;
            if (error is ZmtpException zmtp && zmtp.IsProtocol) Interlocked.Increment(ref Counters.refused);
            lastError = error is ZmtpException ? error.Message : $"{error.GetType().Name}: {error.Message}";
            Say(lastError);
        }

        private void Say(string text)
        {
            if (text == lastSaid) return;
            lastSaid = text;
            options.Log?.Invoke(text);
        }
    }
}
