using System;
using System.Buffers.Binary;

namespace SpaceRuntime
{
    /// <summary>
    /// Reads the arrays of a .glb (accessors of glTF 2.0, §3.6.2): every component type, normalised or not, interleaved or not,
    /// sparse or not. What an accessor says of itself is held against the bytes that are there, and what a file makes of memory
    /// has a limit.
    /// </summary>
    internal sealed class GlbAccessors
    {
        private const int MostNumbers = 1 << 26;
        private const int Byte = 5120, UnsignedByte = 5121, Short = 5122, UnsignedShort = 5123, UnsignedInt = 5125, Float = 5126;

        private static readonly string[] Types = { "", "SCALAR", "VEC2", "VEC3", "VEC4" };

        private readonly GlbFile file;
        private long numbers;

        public GlbAccessors(GlbFile file) => this.file = file;

        /// <summary>Returns the number of elements that an accessor says it has.</summary>
        public int Count(int accessor) => GlbModel.At(file.Document, "accessors", accessor)["count"].Whole(0);

        /// <summary>
        /// Returns the numbers of an accessor, <paramref name="width"/> of each element (16: a matrix), at its scale if it is
        /// normalised.
        /// </summary>
        public float[] Floats(int accessor, int width, int count)
        {
            JsonNode node = Checked(accessor, width, count);
            int type = node["componentType"].Whole(0);
            double scale = node["normalized"].Flag(false) ? 1 / Largest(type) : 1;
            bool dense = node["bufferView"].Exists;
            Elements all = dense ? Opened(node, type, width, count) : default;
            var values = new float[count * width];
            for (int i = 0; dense && i < values.Length; i++) values[i] = Scaled(all.At(i / width, i % width), scale);
            PutSparse(node["sparse"], type, width, scale, values);
            return values;
        }

        /// <summary>Counts numbers that will be kept in memory.</summary>
        public void Reserve(long count)
        {
            numbers += count;
            if (numbers > MostNumbers)
                throw new ModelException($"the .glb has more than {MostNumbers} numbers; export a smaller one");
        }

        /// <summary>Returns the whole numbers of an accessor, each below <paramref name="limit"/>.</summary>
        public int[] Wholes(int accessor, int width, int count, int limit)
        {
            JsonNode node = Checked(accessor, width, count);
            int type = node["componentType"].Whole(0);
            if (type != UnsignedByte && type != UnsignedShort && type != UnsignedInt || node["sparse"].Exists)
                throw new ModelException($"accessor {accessor} has no whole numbers");
            Elements all = Opened(node, type, width, count);
            var values = new int[count * width];
            for (int i = 0; i < values.Length; i++)
            {
                double value = all.At(i / width, i % width);
                if (!(value < limit)) throw new ModelException($"accessor {accessor} says {value}; expected less than {limit}");
                values[i] = (int)value;
            }
            return values;
        }

        private JsonNode Checked(int accessor, int width, int count)
        {
            JsonNode node = GlbModel.At(file.Document, "accessors", accessor);
            if (node["count"].Whole(0) != count) throw new ModelException($"accessor {accessor} has another count than its mesh");
            string type = width == 16 ? "MAT4" : Types[width];
            if (node["type"].Text() != type) throw new ModelException($"accessor {accessor} is no {type}");
            Reserve((long)count * width);
            return node;
        }

        private Elements Opened(JsonNode node, int type, int width, int count)
        {
            int size = Size(type);
            ArraySegment<byte> bytes = file.View(node["bufferView"].Whole(int.MaxValue), out int stride);
            int begin = node["byteOffset"].Whole(0), step = stride == 0 ? size * width : stride;
            long end = begin + (count - 1L) * step + size * width;
            if (count > 0 && end > bytes.Count) throw new ModelException("an accessor lies outside of its buffer view");
            return new Elements(bytes, begin, step, size, type);
        }

        private void PutSparse(JsonNode sparse, int type, int width, double scale, float[] values)
        {
            if (!sparse.Exists) return;
            int count = sparse["count"].Whole(0), last = -1;
            if (count > values.Length / width) throw new ModelException("a sparse accessor changes more elements than it has");
            Elements at = Opened(sparse["indices"], sparse["indices"]["componentType"].Whole(0), 1, count);
            Elements put = Opened(sparse["values"], type, width, count);
            for (int i = 0; i < count; i++)
            {
                double element = at.At(i, 0);
                if (!(element > last && element < values.Length / width))
                    throw new ModelException("the indices of a sparse accessor do not rise, or lie outside of it");
                last = (int)element;
                for (int k = 0; k < width; k++) values[last * width + k] = Scaled(put.At(i, k), scale);
            }
        }

        private static float Scaled(double value, double scale)
        {
            float scaled = scale == 1 ? (float)value : (float)Math.Max(value * scale, -1);
            if (float.IsNaN(scaled) || float.IsInfinity(scaled)) throw new ModelException("the .glb has a number that is none");
            return scaled;
        }

        private static double Largest(int type) =>
            type == Byte ? 127 : type == UnsignedByte ? 255 : type == Short ? 32767 : type == UnsignedShort ? 65535
            : throw new ModelException("only numbers of one or two bytes can be normalised");

        private static int Size(int type) =>
            type == Byte || type == UnsignedByte ? 1 : type == Short || type == UnsignedShort ? 2
            : type == UnsignedInt || type == Float ? 4 : throw new ModelException($"{type} is no component type of glTF");

        /// <summary>Elements in bytes.</summary>
        private readonly struct Elements
        {
            private readonly ArraySegment<byte> bytes;
            private readonly int begin, step, size, type;

            public Elements(ArraySegment<byte> bytes, int begin, int step, int size, int type)
            {
                this.bytes = bytes;
                this.begin = begin;
                this.step = step;
                this.size = size;
                this.type = type;
            }

            public double At(int element, int component)
            {
                ReadOnlySpan<byte> at = bytes.AsSpan(begin + element * step + component * size);
                if (type == Byte) return (sbyte)at[0];
                if (type == UnsignedByte) return at[0];
                if (type == Short) return BinaryPrimitives.ReadInt16LittleEndian(at);
                if (type == UnsignedShort) return BinaryPrimitives.ReadUInt16LittleEndian(at);
                uint bits = BinaryPrimitives.ReadUInt32LittleEndian(at);
                return type == UnsignedInt ? bits : (double)BitConverter.Int32BitsToSingle((int)bits);
            }
        }
    }
}
