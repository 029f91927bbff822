using System;
using System.Collections.Generic;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Holds a server's messages against the table of ranges (PROTOCOL.md, section 6) and clamps their numbers. Not for
    /// several threads at once.
    /// </summary>
    internal sealed class RangeCheck : FieldVisitor
    {
        private const int TokenBytes = 256;

        private string type;

        /// <summary>Raises <see cref="WireException"/> for a number outside its range, and for a picture that is none.</summary>
        public void Check(Message message)
        {
            type = message.Type;
            message.Visit(this);
            if (message is TextureMessage texture && !IsPicture(texture))
                throw new WireException(
                    $"a texture of {texture.Width} × {texture.Height} in {texture.Pixels.Count} bytes is no {texture.Format}");
            if (message is OpenedMessage opened && (opened.Token.Count == 0 || opened.Token.Count > TokenBytes))
                throw new WireException($"the token of opened has {opened.Token.Count} bytes; expected 1 … {TokenBytes}");
        }

        /// <summary>The reason why this client cannot work with a server, one sentence; empty if it can.</summary>
        public string ProblemWith(WelcomeMessage welcome)
        {
            int weights = new HashSet<string>(welcome.Weights).Count;
            if (welcome.Version != WireLimits.Version)
                return $"the server speaks version {welcome.Version} of the protocol, this client {WireLimits.Version}; "
                    + "update the older";
            if (weights != WireLimits.Weights)
                return $"the server names {weights} weights, frames have {WireLimits.Weights}; is it a SPACE server?";
            try
            {
                Check(welcome);
                return "";
            }
            catch (WireException error)
            {
                return "the server's welcome cannot be: " + error.Message;
            }
        }

        /// <summary>A limit that a server states, within its range.</summary>
        public static long Limited(string name, long value)
        {
            foreach (LimitRange range in LimitRange.All)
                if (range.Name == name) return Math.Max(range.Least, Math.Min(range.Most, value));
            return value;
        }

        /// <inheritdoc/>
        public override void U32(string key, ref uint value) => value = (uint)Held(key, value);

        /// <inheritdoc/>
        public override void U32(string key, ref uint? value)
        {
            if (value.HasValue) value = (uint)Held(key, value.Value);
        }

        /// <inheritdoc/>
        public override void U64(string key, ref ulong value)
        {
        }

        /// <inheritdoc/>
        public override void U64(string key, ref ulong? value)
        {
        }

        /// <inheritdoc/>
        public override void F32(string key, ref float value) => value = (float)Held(key, value);

        /// <inheritdoc/>
        public override void F32(string key, ref float? value)
        {
            if (value.HasValue) value = (float)Held(key, value.Value);
        }

        /// <inheritdoc/>
        public override void F64(string key, ref double value) => value = Held(key, value);

        /// <inheritdoc/>
        public override void Floats(string key, ref float[] value, int count, bool mayBeEmpty) => HoldAll(key, value);

        /// <inheritdoc/>
        public override void FloatGroups(string key, ref float[] value, int group) => HoldAll(key, value);

        /// <inheritdoc/>
        public override void Text(string key, ref string value, bool required)
        {
        }

        /// <inheritdoc/>
        public override void Binary(string key, ref ArraySegment<byte> value, bool required)
        {
        }

        /// <inheritdoc/>
        public override void Texts(string key, ref string[] value)
        {
        }

        /// <inheritdoc/>
        public override void U32s(string key, ref uint[] value)
        {
        }

        /// <inheritdoc/>
        public override void Values(string key, ref NamedValue[] value)
        {
        }

        /// <inheritdoc/>
        public override void Counts(string key, ref NamedCount[] value)
        {
        }

        private static bool IsPicture(TextureMessage texture)
        {
            ReadOnlySpan<byte> pixels = texture.Pixels.AsSpan();
            if (texture.Format == "rgb") return pixels.Length == 3L * texture.Width * texture.Height;
            if (texture.Format == "jpeg")
                return pixels.Length > 2 && pixels[0] == 0xff && pixels[1] == 0xd8 && pixels[2] == 0xff
                    && HasSize(pixels, texture.Width, texture.Height);
            return texture.Format == "webp" && pixels.Length > 3
                && pixels[0] == 'R' && pixels[1] == 'I' && pixels[2] == 'F' && pixels[3] == 'F';
        }

        /// <summary>False if a JPEG's frame header (ITU T.81, B.2.2) states another size.</summary>
        private static bool HasSize(ReadOnlySpan<byte> jpeg, uint width, uint height)
        {
            for (int at = 2; at + 9 <= jpeg.Length && jpeg[at] == 0xff; at += 2 + ((jpeg[at + 2] << 8) | jpeg[at + 3]))
            {
                int marker = jpeg[at + 1];
                if (marker < 0xc0 || marker > 0xcf || marker == 0xc4 || marker == 0xc8 || marker == 0xcc) continue;
                return ((jpeg[at + 5] << 8) | jpeg[at + 6]) == height && ((jpeg[at + 7] << 8) | jpeg[at + 8]) == width;
            }
            return true;
        }

        private double Held(string key, double value)
        {
            int row = RowOf(key);
            return row < 0 ? value : Held(ServerRange.All[row], value);
        }

        private void HoldAll(string key, float[] values)
        {
            int row = values == null ? -1 : RowOf(key);
            if (row < 0) return;
            for (int i = 0; i < values.Length; i++) values[i] = (float)Held(ServerRange.All[row], values[i]);
        }

        private double Held(in ServerRange range, double value)
        {
            if (value >= range.Least && value <= range.Most) return value;
            if (value < range.Low || value > range.High)
                throw new WireException($"{range.Field} of {type} is {value}; expected {range.Low} … {range.High}");
            return Math.Max(range.Least, Math.Min(range.Most, value));
        }

        private int RowOf(string key)
        {
            for (int i = 0; i < ServerRange.All.Length; i++)
                if (ServerRange.All[i].Field == key && ServerRange.All[i].Message == type) return i;
            return -1;
        }
    }
}
