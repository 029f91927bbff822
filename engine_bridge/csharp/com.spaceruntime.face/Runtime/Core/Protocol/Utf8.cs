using System;
using System.Text;

namespace SpaceRuntime.Protocol
{
    /// <summary>UTF-8 as the protocol wants it: valid, or refused.</summary>
    internal static class Utf8
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        /// <summary>Texts that come often; they are not made anew each time.</summary>
        private static readonly string[] Known =
        {
            "rgb", "jpeg", "webp", "end", "interrupted", "replaced", "failed", "live", "clip", "s16", "f32",
        };

        /// <summary>Raises <see cref="WireException"/> unless the bytes are valid UTF-8.</summary>
        public static void Check(ArraySegment<byte> bytes)
        {
            ReadOnlySpan<byte> span = bytes;
            int i = 0;
            while (i < span.Length && span[i] < 0x80) i++;
            if (i < span.Length) Decode(bytes, false);
        }

        /// <summary>Returns checked bytes as a text.</summary>
        public static string Text(ArraySegment<byte> bytes)
        {
            if (bytes.Count == 0) return "";
            foreach (string known in Known)
                if (Same(bytes, known)) return known;
            return Decode(bytes, true);
        }

        /// <summary>True if the bytes are this ASCII text.</summary>
        public static bool Same(ArraySegment<byte> bytes, string ascii)
        {
            if (bytes.Count != ascii.Length) return false;
            byte[] array = bytes.Array;
            for (int i = 0, at = bytes.Offset; i < ascii.Length; i++, at++)
                if (array[at] != ascii[i]) return false;
            return true;
        }

        /// <summary>Bytes of a text. Raises <see cref="WireException"/> where it cannot be written or is too long.</summary>
        public static int Count(string text)
        {
            int count;
            try
            {
                count = Strict.GetByteCount(text);
            }
            catch (EncoderFallbackException)
            {
                throw new WireException("a text with half a surrogate pair");
            }
            if (count > WireLimits.TextBytes) throw new WireException($"a text of {count} bytes");
            return count;
        }

        /// <summary>Writes a text that has been counted.</summary>
        public static void Write(string text, byte[] into, int at) => Strict.GetBytes(text, 0, text.Length, into, at);

        private static string Decode(ArraySegment<byte> bytes, bool wanted)
        {
            try
            {
                if (wanted) return Strict.GetString(bytes.Array, bytes.Offset, bytes.Count);
                Strict.GetCharCount(bytes.Array, bytes.Offset, bytes.Count);
                return null;
            }
            catch (DecoderFallbackException)
            {
                throw new WireException("a text that is no UTF-8");
            }
        }
    }
}
