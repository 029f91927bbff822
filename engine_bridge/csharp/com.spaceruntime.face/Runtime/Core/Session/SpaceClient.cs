using System;
using System.Collections.Generic;
using System.Threading;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    /// <summary>States of a client.</summary>
    public enum ClientState
    {
        /// <summary>It tries to reach the server.</summary>
        Connecting,

        /// <summary>The server is there and has been greeted.</summary>
        Greeting,

        /// <summary>Sessions can be opened.</summary>
        Ready,

        /// <summary>The server speaks another version of the protocol.</summary>
        Refused,

        /// <summary>It is over.</summary>
        Disposed,
    }

    /// <summary>
    /// The connection to a server, shared by all sessions. It connects in the background, again and again, and keeps the
    /// sessions alive over lost links and restarted servers. All members may be used from any thread.
    /// </summary>
    public sealed partial class SpaceClient : IDisposable
    {
        private const int TickMs = 15;

        private readonly object gate = new object();
        private readonly object sending = new object();
        private readonly ClientOptions options;
        private readonly ZmtpConnection connection;
        private readonly MessageWriter writer = new MessageWriter();
        private readonly Dictionary<uint, SpaceSession> byId = new Dictionary<uint, SpaceSession>();
        private readonly Dictionary<uint, SpaceSession> byRequest = new Dictionary<uint, SpaceSession>();
        private readonly Thread worker;
        private volatile SpaceSession[] sessions = Array.Empty<SpaceSession>();
        private volatile ServerInfo server;
        private volatile string lastError = "";
        private volatile int epoch;
        private uint lastRequest;
        private long lastSentMs;
        private int state;
        private volatile bool stopping;

        /// <summary>Begins to connect. Raises <see cref="ArgumentException"/> for an address that cannot be used.</summary>
        public SpaceClient(ClientOptions options = null)
        {
            this.options = options ?? new ClientOptions();
            this.options.Check();
            connection = new ZmtpConnection(ZmtpSocketType.Dealer, new ZmtpOptions
            {
                AllowRemote = this.options.AllowRemote,
                HeartbeatTimeoutMs = this.options.SilenceMs,
                Log = this.options.Log,
            });
            connection.Connect(this.options.Address);
            worker = new Thread(Run) { IsBackground = true, Name = "space client" };
            worker.Start();
        }

        /// <summary>The client's state.</summary>
        public ClientState State => (ClientState)Volatile.Read(ref state);

        /// <summary>The server's description of itself; null until it was reached for the first time.</summary>
        public ServerInfo Server => server;

        /// <summary>The last trouble, in words; empty where there was none.</summary>
        public string LastError => lastError.Length > 0 ? lastError : connection.LastError;

        /// <summary>Counters of the connection.</summary>
        public ZmtpCounters Counters => connection.Counters;

        /// <summary>Messages of types that this version does not know. They are ignored.</summary>
        public long UnknownMessages => Interlocked.Read(ref unknownMessages);

        /// <summary>Bytes that were no message. They are ignored.</summary>
        public long BadMessages => Interlocked.Read(ref badMessages);

        /// <summary>Buffers of pictures that have not been disposed, and of messages on their way.</summary>
        public int BuffersInUse => connection.Pool.Outstanding;

        /// <summary>
        /// Asks for a session, which opens in the background. Raises <see cref="ArgumentException"/> for options that no server
        /// takes, <see cref="ObjectDisposedException"/> once the client is disposed.
        /// </summary>
        public SpaceSession Open(SessionOptions options = null)
        {
            options = options ?? new SessionOptions();
            options.Check();
            var session = new SpaceSession(this, options);
            lock (gate)
            {
                if (stopping) throw new ObjectDisposedException(nameof(SpaceClient), "the client is disposed; make another one");
                var more = new List<SpaceSession>(sessions) { session };
                sessions = more.ToArray();
            }
            return session;
        }

        /// <summary>Closes all sessions and ends the connection, within 100 ms.</summary>
        public void Dispose()
        {
            lock (gate)
            {
                if (stopping) return;
                stopping = true;
            }
            foreach (SpaceSession session in sessions) session.Close();
            connection.WaitSent(20);
            connection.Dispose();
            if (worker != Thread.CurrentThread) worker.Join(20);
            Become(ClientState.Disposed);
        }

        /// <summary>Bytes of the longest message that the server takes.</summary>
        internal long MessageLimit =>
            server?.Limit("message_bytes", WireLimits.BytesBeforeWelcome) ?? WireLimits.BytesBeforeWelcome;

        /// <summary>Bytes of the longest file that the server takes: the other fields of a message need some room.</summary>
        internal long FileLimit => Math.Max(0, MessageLimit - 4096);

        /// <summary>Milliseconds of sound that may be ahead of what has been animated.</summary>
        internal long SoundLimitMs => server?.Limit("audio_ms", 5000) ?? 5000;

        /// <summary>Sends a message on the current link; false where there is none, or no room.</summary>
        internal bool Send(Message message)
        {
            lock (sending)
            {
                int link = epoch;
                if (link == 0 || !connection.Send(writer.Write(message), link)) return false;
                Interlocked.Exchange(ref lastSentMs, Clock.Ms);
                return true;
            }
        }

        internal uint NewRequest(SpaceSession session)
        {
            lock (gate)
            {
                byRequest[++lastRequest] = session;
                return lastRequest;
            }
        }

        internal void Bind(uint id, SpaceSession session)
        {
            lock (gate) byId[id] = session;
        }

        internal void Forget(SpaceSession session)
        {
            lock (gate)
            {
                sessions = Array.FindAll(sessions, each => each != session);
                Drop(byId, session);
                Drop(byRequest, session);
            }
        }

        private static void Drop(Dictionary<uint, SpaceSession> from, SpaceSession session)
        {
            var keys = new List<uint>();
            foreach (KeyValuePair<uint, SpaceSession> entry in from)
                if (entry.Value == session) keys.Add(entry.Key);
            foreach (uint key in keys) from.Remove(key);
        }

        private void Become(ClientState next) => Volatile.Write(ref state, (int)next);
    }
}
