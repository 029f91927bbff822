using System;
using System.Buffers.Binary;

namespace SpaceRuntime
{
    /// <summary>Samples to the bytes in which they travel.</summary>
    internal static class Pcm
    {
        /// <summary>Bytes of a sample of one channel.</summary>
        public static int Width(SoundFormat format) => format == SoundFormat.S16 ? 2 : 4;

        /// <summary>Writes as many values as there is room for.</summary>
        public static void Write(ReadOnlySpan<short> values, Span<byte> into, SoundFormat format)
        {
            int width = Width(format);
            for (int i = 0; i < into.Length / width; i++)
            {
                if (format == SoundFormat.S16) BinaryPrimitives.WriteInt16LittleEndian(into.Slice(i * 2), values[i]);
                else WriteSingle(into.Slice(i * 4), values[i] / 32768f);
            }
        }

        /// <summary>Writes as many values as there is room for; what is not finite becomes silence.</summary>
        public static void Write(ReadOnlySpan<float> values, Span<byte> into, SoundFormat format)
        {
            int width = Width(format);
            for (int i = 0; i < into.Length / width; i++)
            {
                float value = float.IsFinite(values[i]) ? Math.Max(-1f, Math.Min(1f, values[i])) : 0f;
                if (format == SoundFormat.F32) WriteSingle(into.Slice(i * 4), value);
                else BinaryPrimitives.WriteInt16LittleEndian(into.Slice(i * 2), (short)Math.Min(32767f, value * 32768f));
            }
        }

        private static void WriteSingle(Span<byte> into, float value) =>
            BinaryPrimitives.WriteInt32LittleEndian(into, BitConverter.SingleToInt32Bits(value));
    }
}
