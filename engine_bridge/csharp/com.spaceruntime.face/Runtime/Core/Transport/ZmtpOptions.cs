using System;

namespace SpaceRuntime.Transport
{
    /// <summary>A connection's limits of time and size. The defaults suit a face in a game.</summary>
    public sealed class ZmtpOptions
    {
        /// <summary>Allows other machines than this one. NULL is not encrypted.</summary>
        public bool AllowRemote;

        /// <summary>First pause before connecting again, in milliseconds; it doubles, plus up to a quarter at random.</summary>
        public int ReconnectMinMs = 100;

        /// <summary>Longest pause before connecting again, in milliseconds.</summary>
        public int ReconnectMaxMs = 3000;

        /// <summary>Longest time to dial one address, in milliseconds.</summary>
        public int ConnectTimeoutMs = 3000;

        /// <summary>Longest time of the whole handshake, in milliseconds.</summary>
        public int HandshakeTimeoutMs = 5000;

        /// <summary>A PING goes out this often, in milliseconds.</summary>
        public int HeartbeatMs = 1000;

        /// <summary>A peer that shows no life for so many milliseconds is dropped.</summary>
        public int HeartbeatTimeoutMs = 4000;

        /// <summary>A peer that takes no byte of what is being sent for so many milliseconds is dropped.</summary>
        public int SendTimeoutMs = 10000;

        /// <summary>Messages that wait to be received. Beyond: SUB drops the oldest, DEALER lets the peer wait.</summary>
        public int ReceiveLimit = 1000;

        /// <summary>Bytes that wait to be received.</summary>
        public long ReceiveBytes = 64L << 20;

        /// <summary>Messages that wait to be sent; beyond, Send returns false.</summary>
        public int SendLimit = 1000;

        /// <summary>Bytes that wait to be sent.</summary>
        public long SendBytes = 64L << 20;

        /// <summary>Bytes of the longest message, all its parts together.</summary>
        public long MaxMessageBytes = 64L << 20;

        /// <summary>Parts of the longest message.</summary>
        public int MaxParts = 64;

        /// <summary>Keep only the newest message that waits to be received.</summary>
        public bool Conflate;

        /// <summary>Told what happens to the link, never twice in a row the same. Called on threads of the connection.</summary>
        public Action<string> Log;
    }
}
