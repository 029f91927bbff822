using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>Messages to canonical bytes, in a buffer that is used again. Not for several threads at once.</summary>
    public sealed class MessageWriter : FieldVisitor
    {
        private readonly MsgPackWriter output = new MsgPackWriter();
        private bool counting;
        private int count;

        /// <summary>
        /// Returns the message's canonical bytes, valid until the next call. Raises <see cref="WireException"/> when a
        /// required field is missing or a value does not fit.
        /// </summary>
        public ArraySegment<byte> Write(Message message)
        {
            counting = true;
            count = 1;
            message.Visit(this);
            counting = false;
            output.Clear();
            output.WriteMap(count);
            output.WriteText("type");
            output.WriteText(message.Type);
            message.Visit(this);
            return output.Written;
        }

        /// <inheritdoc/>
        public override void U32(string key, ref uint value)
        {
            if (Begin(key, true, true)) output.WriteU32(value);
        }

        /// <inheritdoc/>
        public override void U32(string key, ref uint? value)
        {
            if (Begin(key, value.HasValue, false)) output.WriteU32(value.Value);
        }

        /// <inheritdoc/>
        public override void U64(string key, ref ulong value)
        {
            if (Begin(key, true, true)) output.WriteU64(value);
        }

        /// <inheritdoc/>
        public override void U64(string key, ref ulong? value)
        {
            if (Begin(key, value.HasValue, false)) output.WriteU64(value.Value);
        }

        /// <inheritdoc/>
        public override void F32(string key, ref float value)
        {
            if (Begin(key, true, true)) output.WriteF32(value);
        }

        /// <inheritdoc/>
        public override void F32(string key, ref float? value)
        {
            if (Begin(key, value.HasValue, false)) output.WriteF32(value.Value);
        }

        /// <inheritdoc/>
        public override void F64(string key, ref double value)
        {
            if (Begin(key, true, true)) output.WriteF64(value);
        }

        /// <inheritdoc/>
        public override void Text(string key, ref string value, bool required)
        {
            if (Begin(key, value != null, required)) output.WriteText(value);
        }

        /// <inheritdoc/>
        public override void Binary(string key, ref ArraySegment<byte> value, bool required)
        {
            if (Begin(key, value.Array != null, required)) output.WriteBinary(value);
        }

        /// <inheritdoc/>
        public override void Floats(string key, ref float[] value, int length, bool mayBeEmpty)
        {
            if (!Begin(key, value != null, false)) return;
            if (value.Length != length && !(mayBeEmpty && value.Length == 0))
                throw new WireException($"{key} has {value.Length} values; expected {length}");
            output.WriteFloats(value);
        }

        /// <inheritdoc/>
        public override void FloatGroups(string key, ref float[] value, int group)
        {
            if (!Begin(key, value != null, false)) return;
            if (value.Length % group != 0)
                throw new WireException($"{key} has {value.Length} values; expected a multiple of {group}");
            output.WriteFloats(value);
        }

        /// <inheritdoc/>
        public override void Texts(string key, ref string[] value)
        {
            if (!Begin(key, value != null, true)) return;
            output.WriteArray(value.Length);
            foreach (string text in value) output.WriteText(text ?? throw Missing(key));
        }

        /// <inheritdoc/>
        public override void U32s(string key, ref uint[] value)
        {
            if (!Begin(key, value != null, true)) return;
            output.WriteArray(value.Length);
            foreach (uint number in value) output.WriteU32(number);
        }

        /// <inheritdoc/>
        public override void Values(string key, ref NamedValue[] value)
        {
            if (!Begin(key, value != null, false)) return;
            output.WriteMap(value.Length);
            for (int i = 0; i < value.Length; i++)
            {
                for (int k = 0; k < i; k++)
                    if (value[k].Name == value[i].Name) throw new WireException($"{key} has {value[i].Name} twice");
                output.WriteText(value[i].Name ?? throw Missing(key));
                output.WriteF32(value[i].Value);
            }
        }

        /// <inheritdoc/>
        public override void Counts(string key, ref NamedCount[] value)
        {
            if (!Begin(key, value != null, true)) return;
            output.WriteMap(value.Length);
            foreach (NamedCount item in value)
            {
                output.WriteText(item.Name ?? throw Missing(key));
                output.WriteU64(item.Value);
            }
        }

        /// <summary>Counts a field, or writes its key; true where its value must follow.</summary>
        private bool Begin(string key, bool present, bool required)
        {
            if (required && !present) throw Missing(key);
            if (!present) return false;
            if (counting) count++;
            else output.WriteText(key);
            return !counting;
        }

        private static WireException Missing(string key) => new WireException($"{key} is missing");
    }
}
