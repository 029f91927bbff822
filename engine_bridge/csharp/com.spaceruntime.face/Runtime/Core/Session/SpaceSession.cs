using System;
using System.Threading;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    /// <summary>States of a session.</summary>
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
    /// thread, and none waits for the network. A stream is one piece of speech; a session has one at a time.
    /// </summary>
    /// <remarks>
    /// Sound and controls for a session that is closed raise <see cref="ObjectDisposedException"/>, those for a stream that
    /// never takes them <see cref="InvalidOperationException"/>. A stream may also finish by itself, or by
    /// <see cref="Interrupt"/>, between two calls: then they return 0 or false, and an event
    /// <see cref="SpaceEventKind.Finished"/> says why. Poses, pictures, events and counters may be asked for at any time.
    /// </remarks>
    public sealed partial class SpaceSession : IDisposable
    {
        private readonly object gate = new object();
        private readonly SpaceClient client;
        private readonly SessionOptions options;
        private readonly JitterBuffer playback = new JitterBuffer();
        private readonly TextureQueue textures = new TextureQueue();
        private readonly EventQueue events = new EventQueue();
        private volatile SessionState state;
        private int callers;
        private volatile uint lastStream;
        private StreamState stream;
        private double lookAheadSeconds;
        private string closedBecause = "";

        internal SpaceSession(SpaceClient client, SessionOptions options)
        {
            this.client = client;
            this.options = options;
        }

        /// <summary>The session's state.</summary>
        public SessionState State => state;

        /// <summary>Number of the current or last stream; 0: there was none.</summary>
        public uint Stream => lastStream;

        /// <summary>True while the current stream has frames to come.</summary>
        public bool IsStreaming
        {
            get
            {
                lock (gate) return stream != null && !stream.Finished;
            }
        }

        /// <summary>Look-ahead of this session's frames in seconds; 0 until it is open.</summary>
        public double LookAheadSeconds
        {
            get
            {
                lock (gate) return lookAheadSeconds;
            }
        }

        /// <summary>
        /// Fills <paramref name="pose"/> with the face that is due: <paramref name="position"/> is the audio playback
        /// position in samples of the stream, <paramref name="dt"/> the seconds since the last call.
        /// </summary>
        public void Evaluate(double position, double dt, FacePose pose)
        {
            Interlocked.Increment(ref callers);
            try
            {
                lock (gate) playback.Evaluate(position, dt, pose);
            }
            finally
            {
                Interlocked.Decrement(ref callers);
            }
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

        /// <summary>Counters since the session was opened.</summary>
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
    }
}
