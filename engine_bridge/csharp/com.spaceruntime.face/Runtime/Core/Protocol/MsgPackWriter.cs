using System;
using System.Buffers.Binary;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Writes MessagePack values into a buffer of its own that grows as needed and is used again: no garbage once it is
    /// large enough.
    /// </summary>
    public sealed class MsgPackWriter
    {
        private const long Largest = int.MaxValue - 64L;

        private byte[] buffer = new byte[1024];
        private int length;

        /// <summary>The bytes written since <see cref="Clear"/>; valid until the next call.</summary>
        public ArraySegment<byte> Written => new ArraySegment<byte>(buffer, 0, length);

        /// <summary>Forgets what has been written.</summary>
        public void Clear() => length = 0;

        /// <summary>Writes a number as uint32, always five bytes.</summary>
        public void WriteU32(uint value)
        {
            Span<byte> room = Room(5);
            room[0] = 0xce;
            BinaryPrimitives.WriteUInt32BigEndian(room.Slice(1), value);
        }

        /// <summary>Writes a number below 2⁶³ as uint64, always nine bytes.</summary>
        public void WriteU64(ulong value)
        {
            if (value > long.MaxValue) throw new WireException($"{value} is 2⁶³ or more");
            Span<byte> room = Room(9);
            room[0] = 0xcf;
            BinaryPrimitives.WriteUInt64BigEndian(room.Slice(1), value);
        }

        /// <summary>Writes a finite number as float32.</summary>
        public void WriteF32(float value)
        {
            if (!float.IsFinite(value)) throw new WireException("a number that is not finite");
            Span<byte> room = Room(5);
            room[0] = 0xca;
            BinaryPrimitives.WriteInt32BigEndian(room.Slice(1), BitConverter.SingleToInt32Bits(value));
        }

        /// <summary>Writes a finite number as float64.</summary>
        public void WriteF64(double value)
        {
            if (!double.IsFinite(value)) throw new WireException("a number that is not finite");
            Span<byte> room = Room(9);
            room[0] = 0xcb;
            BinaryPrimitives.WriteInt64BigEndian(room.Slice(1), BitConverter.DoubleToInt64Bits(value));
        }

        /// <summary>Writes a text in its shortest form.</summary>
        public void WriteText(string text)
        {
            int count = Utf8.Count(text);
            if (count < 32) Room(1)[0] = (byte)(0xa0 | count);
            else if (count < 256) Head(0xd9, count, 1);
            else Head(0xda, count, 2);
            Room(count);
            Utf8.Write(text, buffer, length - count);
        }

        /// <summary>Writes bytes in their shortest form.</summary>
        public void WriteBinary(ReadOnlySpan<byte> bytes)
        {
            BinaryHead(bytes.Length);
            bytes.CopyTo(Room(bytes.Length));
        }

        /// <summary>Writes finite numbers as bytes: little-endian float32, one after another.</summary>
        public void WriteFloats(ReadOnlySpan<float> values)
        {
            BinaryHead(values.Length * 4);
            Span<byte> room = Room(values.Length * 4);
            for (int i = 0; i < values.Length; i++)
            {
                if (!float.IsFinite(values[i])) throw new WireException("a number that is not finite");
                BinaryPrimitives.WriteInt32LittleEndian(room.Slice(i * 4), BitConverter.SingleToInt32Bits(values[i]));
            }
        }

        /// <summary>Writes the head of an array of so many items, which must follow.</summary>
        public void WriteArray(int count) => ContainerHead(0x90, 0xdc, count);

        /// <summary>Writes the head of a map of so many entries, which must follow.</summary>
        public void WriteMap(int count) => ContainerHead(0x80, 0xde, count);

        private void ContainerHead(int small, int large, int count)
        {
            if (count > WireLimits.Items) throw new WireException($"{count} entries; at most {WireLimits.Items} are allowed");
            if (count < 16) Room(1)[0] = (byte)(small | count);
            else Head(large, count, 2);
        }

        private void BinaryHead(int count)
        {
            if (count < 256) Head(0xc4, count, 1);
            else if (count < 65536) Head(0xc5, count, 2);
            else Head(0xc6, count, 4);
        }

        private void Head(int code, int count, int width)
        {
            Span<byte> room = Room(1 + width);
            room[0] = (byte)code;
            for (int i = width; i > 0; i--, count >>= 8) room[i] = (byte)count;
        }

        private Span<byte> Room(int count)
        {
            int needed = checked(length + count);
            if (needed > buffer.Length) Array.Resize(ref buffer, (int)Math.Min(Largest, Math.Max(needed, buffer.Length * 2L)));
            Span<byte> room = buffer.AsSpan(length, count);
            length = needed;
            return room;
        }
    }
}
