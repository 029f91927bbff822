using System;
using System.Buffers.Binary;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Reads MessagePack values one after another out of a byte array, without copying and without reflection. Every length
    /// is compared with the bytes that are left before anything else happens; what does not fit ends in
    /// <see cref="WireException"/>.
    /// </summary>
    public struct MsgPackReader
    {
        private readonly byte[] data;
        private readonly int end;
        private int position;

        /// <summary>Reads <paramref name="bytes"/> from their start.</summary>
        public MsgPackReader(ArraySegment<byte> bytes)
        {
            data = bytes.Array ?? Array.Empty<byte>();
            position = bytes.Offset;
            end = bytes.Offset + bytes.Count;
        }

        /// <summary>Index of the next byte in the underlying array. May be set to an index that was read from here.</summary>
        public int Position
        {
            get => position;
            set => position = value;
        }

        /// <summary>Bytes that have not been read yet.</summary>
        public int Left => end - position;

        /// <summary>Skips a nil and returns true, or returns false where another value stands.</summary>
        public bool TryReadNil()
        {
            if (Left == 0 || data[position] != 0xc0) return false;
            position++;
            return true;
        }

        /// <summary>Reads an integer of any width within 0 … <paramref name="largest"/>.</summary>
        public ulong ReadWhole(ulong largest)
        {
            byte code = Byte();
            if (!IsInteger(code)) throw Unexpected("a whole number", code);
            bool negative = Integer(code, out ulong value);
            if (negative || value > largest) throw new WireException($"a whole number beyond 0 … {largest}");
            return value;
        }

        /// <summary>Reads a finite number: float32, float64 or an integer.</summary>
        public double ReadNumber()
        {
            byte code = Byte();
            double value;
            if (code == 0xca) value = BitConverter.Int32BitsToSingle((int)BigEndian(4));
            else if (code == 0xcb) value = BitConverter.Int64BitsToDouble((long)BigEndian(8));
            else if (!IsInteger(code)) throw Unexpected("a number", code);
            else value = Integer(code, out ulong bits) ? (double)(long)bits : bits;
            if (double.IsNaN(value) || double.IsInfinity(value)) throw new WireException("a number that is not finite");
            return value;
        }

        /// <summary>Reads a text and returns its bytes, checked as UTF-8.</summary>
        public ArraySegment<byte> ReadText()
        {
            byte code = Byte();
            long length;
            if ((code & 0xe0) == 0xa0) length = code & 31;
            else if (code >= 0xd9 && code <= 0xdb) length = (long)BigEndian(1 << (code - 0xd9));
            else throw Unexpected("text", code);
            if (length > WireLimits.TextBytes) throw new WireException($"a text of {length} bytes");
            ArraySegment<byte> text = Take(length);
            Utf8.Check(text);
            return text;
        }

        /// <summary>Reads bytes; the result lies in the underlying array.</summary>
        public ArraySegment<byte> ReadBinary()
        {
            byte code = Byte();
            if (code < 0xc4 || code > 0xc6) throw Unexpected("bytes", code);
            return Take((long)BigEndian(1 << (code - 0xc4)));
        }

        /// <summary>Reads the head of an array and returns the number of its items.</summary>
        public int ReadArray()
        {
            byte code = Byte();
            if ((code & 0xf0) == 0x90) return Items(code & 15, 1);
            if (code == 0xdc || code == 0xdd) return Items((long)BigEndian(code == 0xdc ? 2 : 4), 1);
            throw Unexpected("an array", code);
        }

        /// <summary>Reads the head of a map and returns the number of its entries.</summary>
        public int ReadMap()
        {
            byte code = Byte();
            if ((code & 0xf0) == 0x80) return Items(code & 15, 2);
            if (code == 0xde || code == 0xdf) return Items((long)BigEndian(code == 0xde ? 2 : 4), 2);
            throw Unexpected("a map", code);
        }

        /// <summary>
        /// Skips a value, whatever it is, as strictly as if it were known: keys are text and unique, extension types are
        /// refused, and so is more than <paramref name="depth"/> nested containers.
        /// </summary>
        public void Skip(int depth)
        {
            if (Left == 0) throw new WireException("bytes end too early");
            byte code = data[position];
            if (code <= 0x7f || code >= 0xe0 || code == 0xc0 || code == 0xc2 || code == 0xc3) position++;
            else if ((code & 0xf0) == 0x80 || code == 0xde || code == 0xdf) SkipMap(depth);
            else if ((code & 0xf0) == 0x90 || code == 0xdc || code == 0xdd) SkipArray(depth);
            else if ((code & 0xe0) == 0xa0 || (code >= 0xd9 && code <= 0xdb)) ReadText();
            else if (code >= 0xc4 && code <= 0xc6) ReadBinary();
            else if (code == 0xca || code == 0xcb) Take(code == 0xca ? 5 : 9);
            else if (code >= 0xcc && code <= 0xd3) Take(1 + (1 << (code & 3)));
            else throw Unexpected("a value of the protocol", code);
        }

        private void SkipArray(int depth)
        {
            int count = ReadArray();
            if (depth < 1) throw TooDeep();
            for (int i = 0; i < count; i++) Skip(depth - 1);
        }

        private void SkipMap(int depth)
        {
            int count = ReadMap();
            if (depth < 1) throw TooDeep();
            Span<int> starts = stackalloc int[count];
            Span<int> lengths = stackalloc int[count];
            for (int i = 0; i < count; i++)
            {
                ArraySegment<byte> key = ReadText();
                for (int k = 0; k < i; k++)
                    if (lengths[k] == key.Count && key.AsSpan().SequenceEqual(data.AsSpan(starts[k], key.Count)))
                        throw new WireException("a map with the same key twice");
                starts[i] = key.Offset;
                lengths[i] = key.Count;
                Skip(depth - 1);
            }
        }

        private static bool IsInteger(byte code) => code <= 0x7f || code >= 0xe0 || (code >= 0xcc && code <= 0xd3);

        /// <summary>Reads what follows an integer's first byte; true where it is negative.</summary>
        private bool Integer(byte code, out ulong value)
        {
            value = code;
            if (code <= 0x7f) return false;
            if (code >= 0xe0) value = (ulong)(sbyte)code;
            else value = BigEndian(1 << (code & 3));
            switch (code)
            {
                case 0xd0: value = (ulong)(sbyte)value; break;
                case 0xd1: value = (ulong)(short)value; break;
                case 0xd2: value = (ulong)(int)value; break;
            }
            return code >= 0xd0 && (long)value < 0;
        }

        private byte Byte()
        {
            if (Left == 0) throw new WireException("bytes end too early");
            return data[position++];
        }

        private ulong BigEndian(int width)
        {
            ReadOnlySpan<byte> bytes = Take(width);
            switch (width)
            {
                case 1: return bytes[0];
                case 2: return BinaryPrimitives.ReadUInt16BigEndian(bytes);
                case 4: return BinaryPrimitives.ReadUInt32BigEndian(bytes);
                default: return BinaryPrimitives.ReadUInt64BigEndian(bytes);
            }
        }

        private ArraySegment<byte> Take(long length)
        {
            if (length > Left) throw new WireException($"{length} bytes are announced, {Left} are left");
            var taken = new ArraySegment<byte>(data, position, (int)length);
            position += (int)length;
            return taken;
        }

        private int Items(long count, int leastBytes)
        {
            if (count > WireLimits.Items) throw new WireException($"{count} entries; at most {WireLimits.Items} are allowed");
            if (count * leastBytes > Left) throw new WireException($"{count} entries are announced, {Left} bytes are left");
            return (int)count;
        }

        private static WireException TooDeep() => new WireException($"more than {WireLimits.Depth} nested containers");

        private static WireException Unexpected(string wanted, byte code) =>
            new WireException($"0x{code:x2} instead of {wanted}");
    }
}
