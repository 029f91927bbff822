namespace SpaceRuntime.Protocol
{
    /// <summary>Codes of <c>error</c> and reasons of <c>closed</c> that this client reacts to (PROTOCOL.md, section 5).</summary>
    public static class ErrorCodes
    {
        /// <summary>No version in common.</summary>
        public const string UnsupportedVersion = "unsupported_version";

        /// <summary>A message before <c>hello</c>.</summary>
        public const string NotGreeted = "not_greeted";

        /// <summary>The session is not this connection's.</summary>
        public const string UnknownSession = "unknown_session";

        /// <summary>The stream is not the current one.</summary>
        public const string UnknownStream = "unknown_stream";

        /// <summary>The session of this token is gone.</summary>
        public const string BadToken = "bad_token";

        /// <summary>The server has as many sessions as it may.</summary>
        public const string TooManySessions = "too_many_sessions";

        /// <summary>The server's machine has no time left.</summary>
        public const string Busy = "busy";

        /// <summary>More sound ahead of the clock than allowed; the chunk was not taken.</summary>
        public const string TooMuchSound = "too_much_sound";

        /// <summary>More messages a second than allowed; one was not handled.</summary>
        public const string TooFast = "too_fast";
    }
}
