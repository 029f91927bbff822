using System;

namespace SpaceRuntime.Transport
{
    /// <summary>
    /// Why a link to a peer ended or did not come about: closed, silent too long, or bytes that are no ZMTP. The connection
    /// handles it by itself and tries again; <see cref="ZmtpConnection.LastError"/> keeps the text.
    /// </summary>
    public sealed class ZmtpException : Exception
    {
        /// <summary>Makes the exception. <paramref name="isProtocol"/>: the peer sent what it must not.</summary>
        public ZmtpException(string message, bool isProtocol) : base(message) => IsProtocol = isProtocol;

        /// <summary>True if the peer sent what it must not, rather than closing or falling silent.</summary>
        public bool IsProtocol { get; }
    }
}
