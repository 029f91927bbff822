using System;
using System.Buffers.Binary;

namespace SpaceRuntime.Transport
{
    /// <summary>Greeting and READY, both ways, within one time limit for the whole.</summary>
    internal static class ZmtpHandshake
    {
        /// <summary>Shakes hands over a fresh link, whose deadline has been set. Raises <see cref="ZmtpException"/>.</summary>
        public static void Run(ZmtpLink link, ZmtpSocketType type)
        {
            byte[] ours = ZmtpFraming.Greeting();
            link.Send(ours, ours.Length);
            link.PeerMinor = CheckGreeting(link);
            byte[] ready = ZmtpFraming.Ready(type);
            link.Send(ready, ready.Length);
            ReadReady(link, type);
        }

        private static int CheckGreeting(ZmtpLink link)
        {
            var peer = new byte[ZmtpFraming.GreetingSize];
            link.ReadExact(peer, 0, 10);
            if (peer[0] != 0xff || (peer[9] & 1) == 0)
                throw new ZmtpException("what listens there does not speak ZMTP (ZeroMQ); is the port right?", true);
            link.ReadExact(peer, 10, 1);
            if (peer[10] < 3) throw new ZmtpException($"the peer speaks ZMTP {peer[10]}; expected 3", true);
            link.ReadExact(peer, 11, peer.Length - 11);
            string mechanism = ZmtpFraming.Printable(peer.AsSpan(12, 20)).TrimEnd('?');
            if (mechanism != "NULL")
                throw new ZmtpException(
                    $"the peer wants {mechanism}, this client speaks NULL; go through a relay on this machine", true);
            return peer[11];
        }

        private static void ReadReady(ZmtpLink link, ZmtpSocketType type)
        {
            int length = link.ReadHead(ZmtpFraming.MaxCommand, out byte flags);
            if ((flags & ZmtpFraming.Command) == 0) throw new ZmtpException("a message instead of READY", true);
            var body = new byte[length];
            link.ReadExact(body, 0, length);
            string name = ZmtpFraming.Name(body, out int at);
            ReadOnlySpan<byte> data = body.AsSpan(at);
            if (name == "ERROR") throw new ZmtpException("the peer refuses: " + ErrorReason(data), true);
            if (name != "READY") throw new ZmtpException($"{name} instead of READY", true);
            CheckType(SocketType(data), type);
        }

        /// <summary>Text of an ERROR command.</summary>
        public static string ErrorReason(ReadOnlySpan<byte> data)
        {
            if (data.Length < 1 || data.Length < 1 + data[0]) return "no reason given";
            return ZmtpFraming.Printable(data.Slice(1, data[0]));
        }

        private static string SocketType(ReadOnlySpan<byte> data)
        {
            string found = "";
            while (data.Length > 0)
            {
                int valueAt = 1 + data[0] + 4;
                if (data.Length < valueAt) throw BadProperty();
                uint size = BinaryPrimitives.ReadUInt32BigEndian(data.Slice(valueAt - 4));
                if (size > data.Length - valueAt) throw BadProperty();
                string name = ZmtpFraming.Printable(data.Slice(1, data[0]));
                if (name.Equals("Socket-Type", StringComparison.OrdinalIgnoreCase))
                    found = ZmtpFraming.Printable(data.Slice(valueAt, (int)size));
                data = data.Slice(valueAt + (int)size);
            }
            return found;
        }

        private static void CheckType(string peer, ZmtpSocketType type)
        {
            bool fits = type == ZmtpSocketType.Sub
                ? peer == "PUB" || peer == "XPUB"
                : peer == "ROUTER" || peer == "DEALER" || peer == "REP";
            if (!fits) throw new ZmtpException($"the peer's socket is a {peer}, which does not fit a {type}", true);
        }

        private static ZmtpException BadProperty() => new ZmtpException("a READY whose property runs past its end", true);
    }
}
