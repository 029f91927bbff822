using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Bytes to messages. A reader that <c>reuses</c> hands out one object per type, with arrays that it fills again: valid
    /// until the next message of that type, and no garbage. Not for several threads at once.
    /// </summary>
    public sealed class MessageReader : FieldVisitor
    {
        private readonly MessageMap map = new MessageMap();
        private readonly Message[] kept;
        private readonly Dictionary<string, float[]> arrays;
        private string type;

        /// <summary>Makes a reader; see the class on <paramref name="reuse"/>.</summary>
        public MessageReader(bool reuse)
        {
            if (!reuse) return;
            kept = new Message[MessageTypes.Count];
            arrays = new Dictionary<string, float[]>();
        }

        /// <summary>
        /// Returns the message in <paramref name="data"/>, or null if it is one of a type that this version does not know.
        /// Raises <see cref="WireException"/> for everything else. Fields of bytes lie in <paramref name="data"/>.
        /// </summary>
        public Message Read(ArraySegment<byte> data)
        {
            map.Scan(data);
            if (!map.TryFind("type", out MsgPackReader reader)) throw new WireException("a message without a type");
            int number = MessageTypes.Find(reader.ReadText());
            if (number < 0) return null;
            Message message = kept?[number] ?? MessageTypes.Create(number);
            if (kept != null) kept[number] = message;
            type = message.Type;
            message.Visit(this);
            return message;
        }

        /// <inheritdoc/>
        public override void U32(string key, ref uint value) => value = (uint)Find(key).ReadWhole(uint.MaxValue);

        /// <inheritdoc/>
        public override void U32(string key, ref uint? value) =>
            value = map.TryFind(key, out MsgPackReader reader) ? (uint?)reader.ReadWhole(uint.MaxValue) : null;

        /// <inheritdoc/>
        public override void U64(string key, ref ulong value) => value = Find(key).ReadWhole(long.MaxValue);

        /// <inheritdoc/>
        public override void U64(string key, ref ulong? value) =>
            value = map.TryFind(key, out MsgPackReader reader) ? (ulong?)reader.ReadWhole(long.MaxValue) : null;

        /// <inheritdoc/>
        public override void F32(string key, ref float value) => value = Single(Find(key).ReadNumber());

        /// <inheritdoc/>
        public override void F32(string key, ref float? value) =>
            value = map.TryFind(key, out MsgPackReader reader) ? (float?)Single(reader.ReadNumber()) : null;

        /// <inheritdoc/>
        public override void F64(string key, ref double value) => value = Find(key).ReadNumber();

        /// <inheritdoc/>
        public override void Text(string key, ref string value, bool required)
        {
            bool found = Find(key, required, out MsgPackReader reader);
            value = found ? Utf8.Text(reader.ReadText()) : null;
        }

        /// <inheritdoc/>
        public override void Binary(string key, ref ArraySegment<byte> value, bool required)
        {
            bool found = Find(key, required, out MsgPackReader reader);
            value = found ? reader.ReadBinary() : default;
        }

        /// <inheritdoc/>
        public override void Floats(string key, ref float[] value, int count, bool mayBeEmpty)
        {
            value = null;
            if (!map.TryFind(key, out MsgPackReader reader)) return;
            ArraySegment<byte> bytes = reader.ReadBinary();
            if (bytes.Count != count * 4 && !(mayBeEmpty && bytes.Count == 0))
                throw new WireException($"{key} of {type} has {bytes.Count} bytes; expected {count} float32");
            value = ReadFloats(key, bytes);
        }

        /// <inheritdoc/>
        public override void FloatGroups(string key, ref float[] value, int group)
        {
            value = null;
            if (!map.TryFind(key, out MsgPackReader reader)) return;
            ArraySegment<byte> bytes = reader.ReadBinary();
            if (bytes.Count % (4 * group) != 0)
                throw new WireException($"{key} of {type} has {bytes.Count} bytes; expected a multiple of {4 * group}");
            value = ReadFloats(key, bytes);
        }

        /// <inheritdoc/>
        public override void Texts(string key, ref string[] value)
        {
            MsgPackReader reader = Find(key);
            value = new string[reader.ReadArray()];
            for (int i = 0; i < value.Length; i++) value[i] = Utf8.Text(reader.ReadText());
        }

        /// <inheritdoc/>
        public override void U32s(string key, ref uint[] value)
        {
            MsgPackReader reader = Find(key);
            value = new uint[reader.ReadArray()];
            for (int i = 0; i < value.Length; i++) value[i] = (uint)reader.ReadWhole(uint.MaxValue);
        }

        /// <inheritdoc/>
        public override void Values(string key, ref NamedValue[] value)
        {
            value = null;
            if (!map.TryFind(key, out MsgPackReader reader)) return;
            value = new NamedValue[reader.ReadMap()];
            for (int i = 0; i < value.Length; i++)
                value[i] = new NamedValue(Utf8.Text(reader.ReadText()), Single(reader.ReadNumber()));
        }

        /// <inheritdoc/>
        public override void Counts(string key, ref NamedCount[] value)
        {
            MsgPackReader reader = Find(key);
            value = new NamedCount[reader.ReadMap()];
            for (int i = 0; i < value.Length; i++)
                value[i] = new NamedCount(Utf8.Text(reader.ReadText()), reader.ReadWhole(long.MaxValue));
        }

        private MsgPackReader Find(string key)
        {
            Find(key, true, out MsgPackReader reader);
            return reader;
        }

        private bool Find(string key, bool required, out MsgPackReader reader)
        {
            if (map.TryFind(key, out reader)) return true;
            if (required) throw new WireException($"{type} lacks {key}");
            return false;
        }

        private static float Single(double value)
        {
            if (Math.Abs(value) > float.MaxValue) throw new WireException("a number beyond the range of float32");
            return (float)value;
        }

        /// <summary>Copies little-endian numbers; false where one is not finite.</summary>
        private static bool ReadFloats(ArraySegment<byte> bytes, float[] into)
        {
            Buffer.BlockCopy(bytes.Array, bytes.Offset, into, 0, bytes.Count);
            bool finite = true;
            for (int i = 0; i < into.Length; i++)
            {
                int bits = BitConverter.SingleToInt32Bits(into[i]);
                if (!BitConverter.IsLittleEndian)
                {
                    bits = BinaryPrimitives.ReverseEndianness(bits);
                    into[i] = BitConverter.Int32BitsToSingle(bits);
                }
                finite &= (bits & 0x7f800000) != 0x7f800000;
            }
            return finite;
        }

        private float[] ReadFloats(string key, ArraySegment<byte> bytes)
        {
            float[] values = NewArray(key, bytes.Count / 4);
            if (!ReadFloats(bytes, values)) throw new WireException($"{key} of {type} has a number that is not finite");
            return values;
        }

        private float[] NewArray(string key, int count)
        {
            if (arrays == null) return new float[count];
            if (!arrays.TryGetValue(key, out float[] array) || array.Length != count)
                arrays[key] = array = new float[count];
            return array;
        }
    }
}
