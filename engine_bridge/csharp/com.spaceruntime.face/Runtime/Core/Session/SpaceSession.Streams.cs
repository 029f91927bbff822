using System;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    // The streams of a session as the caller makes them: sound, files, idling, controls, interruption.
    public sealed partial class SpaceSession
    {
        private const int MostFadeMs = 600000;

        /// <summary>
        /// Begins a stream of pushed sound and returns its number; the stream before ends. options: null for 16 kHz mono. Raises
        /// <see cref="ArgumentOutOfRangeException"/> for a rate, a number of channels or a first sample that no server takes.
        /// </summary>
        public uint Start(StreamOptions options = null)
        {
            options = options ?? new StreamOptions();
            options.Check();
            var next = new StreamState
            {
                Kind = StreamKind.Pushed,
                Rate = options.Rate,
                Channels = options.Channels,
                Format = options.Format,
                Pace = options.Pace,
                Begin = options.FirstSample,
                Cursor = options.FirstSample,
            };
            next.Sound = new SoundHistory(options.FirstSample, options.Rate, next.BlockBytes);
            return Begin(next, options.Controls);
        }

        /// <summary>
        /// Speaks a sound file's bytes. Positions count its samples; <paramref name="rate"/>, how many it has a second, is
        /// learnt from its frames where it is 0.
        /// </summary>
        public uint Speak(byte[] file, int rate = 0, Pace pace = Pace.Live, Controls controls = null)
        {
            if (file == null || file.Length == 0)
                throw new ArgumentException("the file is empty; expected its bytes", nameof(file));
            return SpeakFile(new StreamState { File = new ArraySegment<byte>(file), Pace = pace }, rate, controls);
        }

        /// <summary>Speaks a file of the server's sound folder, as the other overload does.</summary>
        public uint Speak(string asset, int rate = 0, Pace pace = Pace.Live, Controls controls = null)
        {
            if (string.IsNullOrEmpty(asset)) throw new ArgumentException("the asset's name is empty", nameof(asset));
            return SpeakFile(new StreamState { Asset = asset, Pace = pace }, rate, controls);
        }

        /// <summary>Begins a stream of silence in which the face lives. Positions count 16,000 samples a second.</summary>
        public uint Idle(Controls controls = null) => Begin(new StreamState { Kind = StreamKind.Idle }, controls);

        /// <summary>
        /// Adds sound to the stream: interleaved values of 16 bits. Returns the number of samples per channel that were taken:
        /// fewer than given only where the server has fallen more than 30 s behind, and 0 once the stream has finished.
        /// Raises <see cref="InvalidOperationException"/> where no sound is being pushed.
        /// </summary>
        public int Push(ReadOnlySpan<short> values)
        {
            lock (gate)
            {
                if (!TakesSound()) return 0;
                int done = 0, total = values.Length / stream.Channels;
                while (done < total)
                {
                    Span<byte> room = stream.Sound.Room(total - done, Needed());
                    if (room.Length == 0) break;
                    Pcm.Write(values.Slice(done * stream.Channels), room, stream.Format);
                    stream.Sound.Commit(room.Length / stream.BlockBytes);
                    done += room.Length / stream.BlockBytes;
                }
                Flush();
                return done;
            }
        }

        /// <summary>Adds sound to the stream: interleaved values within −1 … 1, as the other overload does.</summary>
        public int Push(ReadOnlySpan<float> values)
        {
            lock (gate)
            {
                if (!TakesSound()) return 0;
                int done = 0, total = values.Length / stream.Channels;
                while (done < total)
                {
                    Span<byte> room = stream.Sound.Room(total - done, Needed());
                    if (room.Length == 0) break;
                    Pcm.Write(values.Slice(done * stream.Channels), room, stream.Format);
                    stream.Sound.Commit(room.Length / stream.BlockBytes);
                    done += room.Length / stream.BlockBytes;
                }
                Flush();
                return done;
            }
        }

        /// <summary>Adds sound to the stream: all values of an array.</summary>
        public int Push(short[] values) => Push(new ReadOnlySpan<short>(values));

        /// <summary>Adds sound to the stream: all values of an array.</summary>
        public int Push(float[] values) => Push(new ReadOnlySpan<float>(values));

        /// <summary>
        /// Adds rows of motion that the face follows as far as the control Drive says; their times rise. A row has to come
        /// before the sound that its frames' look-ahead needs. False: the stream has finished. Raises
        /// <see cref="ArgumentException"/> for rows that no server takes.
        /// </summary>
        public bool Drive(ReadOnlySpan<MotionRow> rows)
        {
            lock (gate)
            {
                NeedStream();
                if (stream.Finished) return false;
                stream.Motion.Give(rows);
                Flush();
                return true;
            }
        }

        /// <summary>Adds rows of motion: all of an array.</summary>
        public bool Drive(params MotionRow[] rows) => Drive(new ReadOnlySpan<MotionRow>(rows));

        /// <summary>The stream's sound is complete. Raises where no sound was being pushed; harmless a second time.</summary>
        public void End()
        {
            lock (gate)
            {
                NeedStream();
                if (stream.Kind != StreamKind.Pushed)
                    throw new InvalidOperationException("End belongs to a stream begun with Start; end others with Interrupt");
                stream.Ended = true;
                Flush();
            }
        }

        /// <summary>
        /// Changes the face's behaviour from a media time on (NaN: the position evaluated last), within
        /// <paramref name="fadeMs"/>. False: the stream has finished.
        /// </summary>
        public bool Set(Controls controls, double atSample = double.NaN, int fadeMs = 200)
        {
            if (controls == null) throw new ArgumentNullException(nameof(controls));
            Argument.InRange(fadeMs, 0, MostFadeMs, nameof(fadeMs));
            lock (gate)
            {
                NeedStream();
                if (stream.Finished) return false;
                var change = new Change { Controls = controls.Copy(), FadeMs = (uint)fadeMs, Ms = Clock.Ms };
                change.At = double.IsNaN(atSample) ? Math.Max(0, playback.Position) : atSample;
                stream.Changes.Enqueue(change);
                Flush();
                return true;
            }
        }

        /// <summary>
        /// Barge-in: from this media time on (NaN: the position evaluated last) the face blends to rest, and the stream ends
        /// there. False: it has finished already.
        /// </summary>
        public bool Interrupt(double atSample = double.NaN, int fadeMs = 200)
        {
            Argument.InRange(fadeMs, 0, MostFadeMs, nameof(fadeMs));
            lock (gate)
            {
                NeedStream();
                if (stream.Finished) return false;
                stream.InterruptAt = Math.Max(0, double.IsNaN(atSample) ? playback.Position : atSample);
                stream.InterruptFadeMs = (uint)fadeMs;
                stream.InterruptSent = false;
                playback.Finish(stream.Number, stream.InterruptAt);
                Flush();
                return true;
            }
        }

        private void NeedOpen()
        {
            if (state != SessionState.Closed) return;
            string why = closedBecause.Length > 0 ? $" ({closedBecause})" : "";
            throw new ObjectDisposedException(nameof(SpaceSession), $"the session is closed{why}; open another one");
        }

        private void NeedStream()
        {
            NeedOpen();
            if (stream == null) throw new InvalidOperationException("there is no stream: call Start, Speak or Idle first");
        }

        /// <summary>False once the stream has finished; raises where it never takes sound.</summary>
        private bool TakesSound()
        {
            NeedStream();
            if (stream.Kind != StreamKind.Pushed)
                throw new InvalidOperationException("Push needs a stream begun with Start; this one brings its own sound");
            if (stream.Ended && !stream.Finished)
                throw new InvalidOperationException("Push after End: begin another stream with Start");
            return !stream.Finished && double.IsNaN(stream.InterruptAt);
        }

        private uint SpeakFile(StreamState next, int rate, Controls controls)
        {
            Argument.InRange(rate, 0, StreamOptions.MostRate, nameof(rate));
            next.Kind = StreamKind.File;
            if (rate > 0) next.Rate = rate;
            return Begin(next, controls);
        }

        private uint Begin(StreamState next, Controls controls)
        {
            lock (gate)
            {
                NeedOpen();
                next.Number = ++lastStream;
                next.Controls = controls?.Copy() ?? new Controls();
                next.Animated = next.Begin;
                stream = next;
                playback.Begin(next.Number, next.Rate);
                textures.Clear();
                Flush();
                return next.Number;
            }
        }

        /// <summary>The oldest sample still needed: what is unsent, and what a new server would want.</summary>
        private long Needed()
        {
            double kept = Math.Max(playback.Position, stream.Sound.End - (double)SoundHistory.KeptSeconds * stream.Rate);
            return Math.Min(stream.Cursor, (long)kept);
        }
    }
}
