using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Messages to bytes and back. <c>Encode(Decode(b))</c> gives the same bytes for canonical ones; whatever else comes in
    /// ends in <see cref="WireException"/>. These allocate; <see cref="MessageReader"/> and <see cref="MessageWriter"/> do not.
    /// </summary>
    public static class Wire
    {
        /// <summary>Returns the message in <paramref name="data"/>; its byte fields lie in that array.</summary>
        public static Message Decode(byte[] data) => Decode(new ArraySegment<byte>(data));

        /// <summary>Returns the message in <paramref name="data"/>; its byte fields lie in that array.</summary>
        public static Message Decode(ArraySegment<byte> data) =>
            new MessageReader(false).Read(data) ?? throw new WireException("a message of an unknown type");

        /// <summary>Returns the canonical bytes of a message.</summary>
        public static byte[] Encode(Message message)
        {
            ArraySegment<byte> written = new MessageWriter().Write(message);
            return written.AsSpan().ToArray();
        }
    }
}
