using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>Counters of a connection. Safe to read at any time.</summary>
    public sealed class ZmtpCounters
    {
        internal long messagesIn, messagesOut, bytesIn, bytesOut, dropped, refused, reconnects, pingsIn, pingsOut, pongsIn;

        /// <summary>Messages received.</summary>
        public long MessagesIn => Interlocked.Read(ref messagesIn);

        /// <summary>Messages sent.</summary>
        public long MessagesOut => Interlocked.Read(ref messagesOut);

        /// <summary>Bytes of received parts.</summary>
        public long BytesIn => Interlocked.Read(ref bytesIn);

        /// <summary>Bytes sent, framing included.</summary>
        public long BytesOut => Interlocked.Read(ref bytesOut);

        /// <summary>Messages dropped: the oldest of a full SUB, what was conflated, what belonged to a lost link.</summary>
        public long Dropped => Interlocked.Read(ref dropped);

        /// <summary>Links ended because the peer sent what it must not.</summary>
        public long Refused => Interlocked.Read(ref refused);

        /// <summary>Attempts to connect after the first.</summary>
        public long Reconnects => Interlocked.Read(ref reconnects);

        /// <summary>PINGs received.</summary>
        public long PingsIn => Interlocked.Read(ref pingsIn);

        /// <summary>PINGs sent.</summary>
        public long PingsOut => Interlocked.Read(ref pingsOut);

        /// <summary>PONGs received.</summary>
        public long PongsIn => Interlocked.Read(ref pongsIn);
    }
}
