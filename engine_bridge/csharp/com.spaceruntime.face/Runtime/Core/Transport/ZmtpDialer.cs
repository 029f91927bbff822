using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>Makes TCP connections, with an end to every wait.</summary>
    internal sealed class ZmtpDialer
    {
        private readonly ZmtpEndpoint endpoint;
        private readonly ZmtpOptions options;
        private readonly WaitHandle stop;

        public ZmtpDialer(ZmtpEndpoint endpoint, ZmtpOptions options, WaitHandle stop)
        {
            this.endpoint = endpoint;
            this.options = options;
            this.stop = stop;
        }

        /// <summary>Tries the host's addresses one after another. Raises <see cref="ZmtpException"/>.</summary>
        public Socket Dial()
        {
            string why = "it is on another machine, and remote connections were not allowed";
            foreach (IPAddress address in endpoint.Resolve(stop, options.ConnectTimeoutMs))
            {
                if (!options.AllowRemote && !IPAddress.IsLoopback(address)) continue;
                if (TryDial(address, out Socket socket, out why)) return socket;
            }
            throw new ZmtpException($"no connection to {endpoint}: {why}", false);
        }

        private bool TryDial(IPAddress address, out Socket socket, out string why)
        {
            socket = null;
            why = null;
            var dialling = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                IAsyncResult asked = dialling.BeginConnect(address, endpoint.Port, null, null);
                if (WaitHandle.WaitAny(new[] { asked.AsyncWaitHandle, stop }, options.ConnectTimeoutMs) != 0)
                {
                    why = $"no answer within {options.ConnectTimeoutMs} ms";
                    return false;
                }
                dialling.EndConnect(asked);
                socket = dialling;
                return true;
            }
            catch (SocketException error)
            {
                why = error.SocketErrorCode == SocketError.ConnectionRefused
                    ? "nobody listens there; is the server running?"
                    : error.SocketErrorCode.ToString();
                return false;
            }
            finally
            {
                if (socket == null) dialling.Close(0);
            }
        }
    }
}
