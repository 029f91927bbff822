using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Bytes that are no message of the protocol, or a message with a value that cannot be written. Reading raises nothing
    /// else, whatever the bytes are.
    /// </summary>
    public sealed class WireException : Exception
    {
        /// <summary>Makes the exception; <paramref name="message"/> says what was found and what was expected.</summary>
        public WireException(string message) : base(message)
        {
        }
    }
}
