using System;
using System.Globalization;
using System.Net;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>An address such as <c>tcp://127.0.0.1:5570</c>, <c>tcp://[::1]:5570</c> or <c>tcp://localhost:5570</c>.</summary>
    public readonly struct ZmtpEndpoint
    {
        private readonly IPAddress literal;

        private ZmtpEndpoint(string host, int port, IPAddress literal)
        {
            Host = host;
            Port = port;
            this.literal = literal;
        }

        /// <summary>The host: a name, or an address without brackets.</summary>
        public string Host { get; }

        /// <summary>The TCP port.</summary>
        public int Port { get; }

        /// <summary>True if the host is an address of another machine. A name is looked at when it is resolved.</summary>
        public bool IsRemoteAddress => literal != null && !IPAddress.IsLoopback(literal);

        /// <summary>Reads an address. Raises <see cref="ArgumentException"/>.</summary>
        public static ZmtpEndpoint Parse(string text)
        {
            const string scheme = "tcp://";
            int colon = text?.LastIndexOf(':') ?? -1;
            if (text == null || !text.StartsWith(scheme, StringComparison.Ordinal) || colon < scheme.Length + 1) throw Bad(text);
            string host = text.Substring(scheme.Length, colon - scheme.Length);
            bool bracketed = host.Length > 2 && host[0] == '[' && host[host.Length - 1] == ']';
            if (bracketed) host = host.Substring(1, host.Length - 2);
            bool isPort = int.TryParse(text.Substring(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port);
            bool isAddress = IPAddress.TryParse(host, out IPAddress address);
            if (!isPort || port < 1 || port > 65535 || (host.Contains(":") && !(bracketed && isAddress))) throw Bad(text);
            return new ZmtpEndpoint(host, port, isAddress ? address : null);
        }

        /// <inheritdoc/>
        public override string ToString() => Host.Contains(":") ? $"tcp://[{Host}]:{Port}" : $"tcp://{Host}:{Port}";

        /// <summary>
        /// Returns the addresses of the host. Gives up after <paramref name="timeoutMs"/>, or at once when
        /// <paramref name="stop"/> is set.
        /// </summary>
        internal IPAddress[] Resolve(WaitHandle stop, int timeoutMs)
        {
            if (literal != null) return new[] { literal };
            IAsyncResult asked = Dns.BeginGetHostAddresses(Host, null, null);
            if (WaitHandle.WaitAny(new[] { asked.AsyncWaitHandle, stop }, timeoutMs) != 0)
                throw new ZmtpException($"no answer to the name {Host}", false);
            return Dns.EndGetHostAddresses(asked);
        }

        private static ArgumentException Bad(string text) =>
            new ArgumentException($"'{text}' is no address; expected tcp://host:port, for example tcp://127.0.0.1:5570");
    }
}
