namespace SpaceRuntime.Protocol
{
    /// <summary>Numbers of the protocol, version 1 (PROTOCOL.md, sections 1 and 2).</summary>
    public static partial class WireLimits
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
    }
}
