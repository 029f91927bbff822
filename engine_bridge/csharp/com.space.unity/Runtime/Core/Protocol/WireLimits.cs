namespace SpaceRuntime.Protocol
{
    /// <summary>Numbers of the protocol, version 1 (PROTOCOL.md, sections 1 and 2).</summary>
    public static class WireLimits
    {
        /// <summary>The version of the protocol that this client speaks.</summary>
        public const uint Version = 1;

        /// <summary>Nested containers that may be skipped, the message's own map included.</summary>
        public const int Depth = 4;

        /// <summary>Bytes of the longest text.</summary>
        public const int TextBytes = 4096;

        /// <summary>Entries of the longest array or map.</summary>
        public const int Items = 256;

        /// <summary>Parts of the longest ZeroMQ message.</summary>
        public const int Parts = 64;

        /// <summary>Bytes of the longest message before the server has named its limit.</summary>
        public const int BytesBeforeWelcome = 65536;

        /// <summary>Number of blend-shape weights of a frame.</summary>
        public const int Weights = 52;

        /// <summary>Numbers of a head: yaw, pitch, roll, x, y, z.</summary>
        public const int Head = 6;

        /// <summary>Numbers of both eyes: yaw and pitch of the left one, then of the right one.</summary>
        public const int Eyes = 4;

        /// <summary>Numbers of all landmarks: 78 times x, y, z.</summary>
        public const int Landmarks = 234;
    }
}
