using System;
using System.Buffers.Binary;
using System.Text;

namespace SpaceRuntime.Transport
{
    /// <summary>Bytes of ZMTP 3.1 (https://rfc.zeromq.org/spec/37/): greeting, frame heads and commands.</summary>
    internal static class ZmtpFraming
    {
        public const int GreetingSize = 64;
        public const byte More = 1;
        public const byte Long = 2;
        public const byte Command = 4;

        /// <summary>Longest command that is read: READY with its properties is the largest.</summary>
        public const int MaxCommand = 4096;

        /// <summary>Bytes before a body of this length.</summary>
        public static int HeadSize(int length) => length < 256 ? 2 : 9;

        /// <summary>Writes a frame's head and returns the index after it.</summary>
        public static int WriteHead(byte[] into, int at, int flags, int length)
        {
            if (length < 256)
            {
                into[at] = (byte)flags;
                into[at + 1] = (byte)length;
                return at + 2;
            }
            into[at] = (byte)(flags | Long);
            BinaryPrimitives.WriteUInt64BigEndian(into.AsSpan(at + 1), (ulong)length);
            return at + 9;
        }

        /// <summary>The greeting of a client that uses the mechanism NULL.</summary>
        public static byte[] Greeting()
        {
            var bytes = new byte[GreetingSize];
            bytes[0] = 0xff;
            bytes[8] = 1;
            bytes[9] = 0x7f;
            bytes[10] = 3;
            bytes[11] = 1;
            Encoding.ASCII.GetBytes("NULL", 0, 4, bytes, 12);
            return bytes;
        }

        /// <summary>A whole command frame: name, then data.</summary>
        public static byte[] CommandFrame(string name, ReadOnlySpan<byte> data)
        {
            int length = 1 + name.Length + data.Length;
            var frame = new byte[HeadSize(length) + length];
            int at = WriteHead(frame, 0, Command, length);
            frame[at] = (byte)name.Length;
            Encoding.ASCII.GetBytes(name, 0, name.Length, frame, at + 1);
            data.CopyTo(frame.AsSpan(at + 1 + name.Length));
            return frame;
        }

        /// <summary>READY with the socket type; a DEALER's identity stays empty, as the protocol of SPACE wants it.</summary>
        public static byte[] Ready(ZmtpSocketType type)
        {
            string name = type == ZmtpSocketType.Sub ? "SUB" : "DEALER";
            string text = "\u000bSocket-Type\0\0\0" + (char)name.Length + name;
            if (type == ZmtpSocketType.Dealer) text += "\u0008Identity\0\0\0\0";
            return CommandFrame("READY", Encoding.ASCII.GetBytes(text));
        }

        /// <summary>PING with the time after which silence means that we are gone.</summary>
        public static byte[] Ping(int timeoutMs)
        {
            int ttl = Math.Min(timeoutMs / 100, ushort.MaxValue);
            return CommandFrame("PING", stackalloc byte[] { (byte)(ttl >> 8), (byte)ttl });
        }

        /// <summary>A subscription or its end: a command, or for peers of ZMTP 3.0 a message.</summary>
        public static byte[] Subscription(byte[] topic, bool on, int peerMinor)
        {
            if (peerMinor >= 1) return CommandFrame(on ? "SUBSCRIBE" : "CANCEL", topic);
            int length = 1 + topic.Length;
            var frame = new byte[HeadSize(length) + length];
            int at = WriteHead(frame, 0, 0, length);
            frame[at] = (byte)(on ? 1 : 0);
            topic.CopyTo(frame, at + 1);
            return frame;
        }

        /// <summary>Splits a command's body into name and data. Raises <see cref="ZmtpException"/>.</summary>
        public static string Name(ReadOnlySpan<byte> body, out int dataAt)
        {
            if (body.Length < 1 || body[0] < 1 || body.Length < 1 + body[0])
                throw new ZmtpException("a command without a name", true);
            dataAt = 1 + body[0];
            ReadOnlySpan<byte> name = body.Slice(1, body[0]);
            foreach (string known in KnownNames)
                if (Same(name, known)) return known;
            return Printable(name);
        }

        /// <summary>Bytes of a peer as text that may stand in a message.</summary>
        public static string Printable(ReadOnlySpan<byte> bytes)
        {
            var text = new StringBuilder();
            foreach (byte b in bytes) text.Append(b >= 32 && b < 127 ? (char)b : '?');
            return text.ToString();
        }

        private static readonly string[] KnownNames = { "PING", "PONG", "READY", "ERROR", "SUBSCRIBE", "CANCEL" };

        private static bool Same(ReadOnlySpan<byte> bytes, string ascii)
        {
            if (bytes.Length != ascii.Length) return false;
            for (int i = 0; i < ascii.Length; i++)
                if (bytes[i] != ascii[i]) return false;
            return true;
        }
    }
}
