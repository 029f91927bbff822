using System;
using System.Buffers.Binary;
using System.Text;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// Reads a <c>.spaceclip</c>: <c>SPACECLP</c>, the version and the header's length (u32, little-endian), the header (a
    /// MessagePack map), then <c>frames</c> messages of type <c>frame</c> of <c>frame_bytes</c> bytes each.
    /// </summary>
    internal static class BinaryClip
    {
        private const int HeadBytes = 16;
        private static readonly byte[] Magic = Encoding.ASCII.GetBytes("SPACECLP");

        /// <summary>True for bytes that begin as one.</summary>
        public static bool Begins(byte[] data) => data.AsSpan().StartsWith(Magic);

        /// <summary>Returns the clip. Raises <see cref="ClipException"/>.</summary>
        public static FaceClip Read(byte[] data)
        {
            try
            {
                var header = new Header(data);
                var clip = new FaceClip(header.Names, header.FramesPerSecond, header.Frames);
                ReadFrames(data, header, clip);
                return clip;
            }
            catch (WireException error)
            {
                throw new ClipException($"the .spaceclip cannot be read ({error.Message}); bake the clip anew");
            }
        }

        private static void ReadFrames(byte[] data, Header header, FaceClip clip)
        {
            var reader = new MessageReader(true);
            for (int i = 0; i < header.Frames; i++)
            {
                var bytes = new ArraySegment<byte>(data, header.End + i * header.FrameBytes, header.FrameBytes);
                if (!(reader.Read(bytes) is FrameMessage frame) || frame.Index != i)
                    throw new WireException($"frame {i} is not where it belongs");
                clip.Weights = Row(clip.Weights, frame.Weights, i, header.Frames, 0, frame.Weights?.Length ?? 0);
                clip.HeadRotation = Row(clip.HeadRotation, frame.Head, i, header.Frames, 0, 3);
                clip.HeadTranslation = Row(clip.HeadTranslation, frame.Head, i, header.Frames, 3, 3);
                clip.Eyes = Row(clip.Eyes, frame.Eyes, i, header.Frames, 0, WireLimits.Eyes);
            }
        }

        /// <summary>Copies a part of an output into its column; all frames have it, or none.</summary>
        private static float[] Row(float[] column, float[] values, int row, int rows, int from, int width)
        {
            if (row > 0 && (column == null) != (values == null)) throw new WireException("frames differ in what they carry");
            if (values == null) return null;
            column = column ?? new float[rows * width];
            Array.Copy(values, from, column, row * width, width);
            return column;
        }

        private sealed class Header
        {
            public readonly string[] Names = Array.Empty<string>();
            public readonly double FramesPerSecond;
            public readonly int Frames, FrameBytes, End;

            public Header(byte[] data)
            {
                if (data.Length < HeadBytes) throw new WireException("it is cut off");
                uint version = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(8));
                uint length = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(12));
                if (version != 1) throw new WireException($"its layout has version {version}; expected 1");
                if (length > data.Length - HeadBytes) throw new WireException("it is cut off");
                End = HeadBytes + (int)length;
                var reader = new MsgPackReader(new ArraySegment<byte>(data, HeadBytes, (int)length));
                for (int left = reader.ReadMap(); left > 0; left--)
                {
                    string key = Utf8.Text(reader.ReadText());
                    if (key == "fps") FramesPerSecond = Fraction(ref reader);
                    else if (key == "frames") Frames = (int)reader.ReadWhole(int.MaxValue);
                    else if (key == "frame_bytes") FrameBytes = (int)reader.ReadWhole(int.MaxValue);
                    else if (key == "weights") Names = Texts(ref reader);
                    else reader.Skip(WireLimits.Depth);
                }
                if (reader.Left != 0 || !(FramesPerSecond > 0) || data.Length - End != (long)Frames * FrameBytes)
                    throw new WireException("its header does not fit its frames");
                if (Names.Length != WireLimits.Weights) throw new WireException($"it has {Names.Length} names of weights");
            }

            private static double Fraction(ref MsgPackReader reader)
            {
                if (reader.ReadArray() != 2) throw new WireException("a frame rate that is no fraction");
                double numerator = reader.ReadWhole(int.MaxValue), denominator = reader.ReadWhole(int.MaxValue);
                return denominator > 0 ? numerator / denominator : 0;
            }

            private static string[] Texts(ref MsgPackReader reader)
            {
                var texts = new string[reader.ReadArray()];
                for (int i = 0; i < texts.Length; i++) texts[i] = Utf8.Text(reader.ReadText());
                return texts;
            }
        }
    }
}
