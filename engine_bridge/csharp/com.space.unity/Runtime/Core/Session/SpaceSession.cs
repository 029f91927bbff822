using System;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    /// <summary>Where a session stands.</summary>
    public enum SessionState
    {
        /// <summary>It has been asked for, or will be as soon as there is a server.</summary>
        Opening,

        /// <summary>It exists.</summary>
        Open,

        /// <summary>The link is lost; it will be resumed.</summary>
        Lost,

        /// <summary>It is over.</summary>
        Closed,
    }

    /// <summary>
    /// One character: sound in, poses out. Made by <see cref="SpaceClient.Open"/>. Everything may be called at any time, also
    /// while there is no server: what has been asked for happens as soon as there is one. All methods may be called from any
    /// thread, and none waits for the network. A stream is one line of speech; a session has one at a time.
    /// </summary>
    public sealed partial class SpaceSession : IDisposable
    {
        private readonly object gate = new object();
        private readonly SpaceClient client;
        private readonly SessionOptions options;
        private readonly JitterBuffer playback = new JitterBuffer();
        private readonly TextureQueue textures = new TextureQueue();
        private readonly EventQueue events = new EventQueue();
        private StreamState stream;
        private uint lastStream;

        internal SpaceSession(SpaceClient client, SessionOptions options)
        {
            this.client = client;
            this.options = options;
        }

        /// <summary>Where the session stands.</summary>
        public SessionState State { get; private set; }

        /// <summary>Number of the current or last stream; 0: there was none.</summary>
        public uint Stream => lastStream;

        /// <summary>Whether the current stream still has frames to come.</summary>
        public bool IsStreaming
        {
            get
            {
                lock (gate) return stream != null && !stream.Finished;
            }
        }

        /// <summary>Look-ahead of this session's frames in seconds; 0 until it is open.</summary>
        public double LookAheadSeconds { get; private set; }

        /// <summary>
        /// Begins a line of pushed sound and returns its number; the line before ends. Raises
        /// <see cref="ArgumentException"/> for a rate or a number of channels that no server takes.
        /// </summary>
        public uint Start(StreamOptions line)
        {
            if (line.Rate < 1 || line.Rate > 768000) throw new ArgumentException($"a rate of {line.Rate} Hz");
            if (line.Channels < 1 || line.Channels > 8) throw new ArgumentException($"{line.Channels} channels; expected 1 … 8");
            if (line.FirstSample < 0) throw new ArgumentException("a first sample below 0");
            var next = new StreamState
            {
                Kind = StreamKind.Pushed,
                Rate = line.Rate,
                Channels = line.Channels,
                Format = line.Format,
                Pace = line.Pace,
                Begin = line.FirstSample,
                Cursor = line.FirstSample,
            };
            next.Sound = new SoundHistory(line.FirstSample, line.Rate, next.BlockBytes);
            return Begin(next, line.Controls);
        }

        /// <summary>Speaks a sound file's bytes; positions count at its <paramref name="rate"/>.</summary>
        public uint Speak(byte[] file, int rate, Pace pace = Pace.Live, Controls controls = null)
        {
            var next = new StreamState { Kind = StreamKind.File, File = new ArraySegment<byte>(file), Rate = rate, Pace = pace };
            return Begin(next, controls);
        }

        /// <summary>Speaks a file of the server's sound folder. <paramref name="rate"/>: its samples per second.</summary>
        public uint Speak(string asset, int rate, Pace pace = Pace.Live, Controls controls = null)
        {
            var next = new StreamState { Kind = StreamKind.File, Asset = asset, Rate = rate, Pace = pace };
            return Begin(next, controls);
        }

        /// <summary>Lives without speaking: blinks and sways. Positions count 16,000 samples a second.</summary>
        public uint Idle(Controls controls = null) => Begin(new StreamState { Kind = StreamKind.Idle }, controls);

        /// <summary>
        /// Adds sound to the line: interleaved values of 16 bits. Returns how many samples per channel were taken: fewer than
        /// given only where the server has fallen more than 30 s behind, and 0 where no line is being pushed.
        /// </summary>
        public int Push(ReadOnlySpan<short> values)
        {
            lock (gate)
            {
                if (!IsPushing) return 0;
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

        /// <summary>Adds sound to the line: interleaved values within −1 … 1. Returns what the other overload does.</summary>
        public int Push(ReadOnlySpan<float> values)
        {
            lock (gate)
            {
                if (!IsPushing) return 0;
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

        /// <summary>Adds sound to the line: all values of an array.</summary>
        public int Push(short[] values) => Push(new ReadOnlySpan<short>(values));

        /// <summary>Adds sound to the line: all values of an array.</summary>
        public int Push(float[] values) => Push(new ReadOnlySpan<float>(values));

        /// <summary>The line's sound is complete.</summary>
        public void End()
        {
            lock (gate)
            {
                if (stream == null || stream.Kind != StreamKind.Pushed) return;
                stream.Ended = true;
                Flush();
            }
        }

        /// <summary>Changes how the face behaves from a media time on, within <paramref name="fadeMs"/>.</summary>
        public void Set(Controls controls, double atSample, uint fadeMs = 200)
        {
            lock (gate)
            {
                if (stream == null || stream.Finished) return;
                var change = new Change { Controls = controls.Copy(), At = atSample, FadeMs = fadeMs, Ms = Clock.Ms };
                stream.Changes.Enqueue(change);
                Flush();
            }
        }

        /// <summary>Barge-in: from this media time on the face blends to rest, and the stream ends there.</summary>
        public void Interrupt(double atSample, uint fadeMs = 200)
        {
            lock (gate)
            {
                if (stream == null || stream.Finished) return;
                stream.InterruptAt = Math.Max(0, atSample);
                stream.InterruptFadeMs = fadeMs;
                stream.InterruptSent = false;
                playback.Finish(stream.Number, stream.InterruptAt);
                Flush();
            }
        }

        /// <summary>
        /// Fills <paramref name="pose"/> with the face that is due: <paramref name="position"/> is the audio playback
        /// position in samples of the stream, <paramref name="dt"/> the seconds since the last call.
        /// </summary>
        public void Sample(double position, double dt, FacePose pose)
        {
            lock (gate) playback.Sample(position, dt, pose);
        }

        /// <summary>Returns the newest picture that is due at a position, or null. Dispose it after use.</summary>
        public TextureImage TakeTexture(double position)
        {
            lock (gate) return textures.Take(Math.Max(position, playback.Position));
        }

        /// <summary>Takes the oldest event that has not been asked for.</summary>
        public bool TryTakeEvent(out SpaceEvent taken)
        {
            lock (gate) return events.TryTake(out taken);
        }

        /// <summary>What has happened so far.</summary>
        public SessionCounters Counters
        {
            get
            {
                lock (gate) return new SessionCounters(playback, textures, events.Dropped, lostFrames);
            }
        }

        /// <summary>Ends the session.</summary>
        public void Close()
        {
            lock (gate)
            {
                if (State == SessionState.Open) Send(new CloseMessage { Session = id });
                if (State != SessionState.Closed) Over("", "");
            }
            client.Forget(this);
        }

        /// <summary>Ends the session.</summary>
        public void Dispose() => Close();

        private bool IsPushing =>
            stream != null && stream.Kind == StreamKind.Pushed && !stream.Ended && !stream.Finished &&
            State != SessionState.Closed;

        private uint Begin(StreamState next, Controls controls)
        {
            lock (gate)
            {
                if (State == SessionState.Closed) return 0;
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
