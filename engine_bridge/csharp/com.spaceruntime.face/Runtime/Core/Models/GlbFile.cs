using System;
using System.Buffers.Binary;

namespace SpaceRuntime
{
    /// <summary>
    /// The container of binary glTF 2.0: a JSON document and one binary chunk. Raises <see cref="ModelException"/>.
    /// </summary>
    internal sealed class GlbFile
    {
        private const uint Magic = 0x46546C67, JsonChunk = 0x4E4F534A, BinaryChunk = 0x004E4942;
        private const int HeadBytes = 12, ChunkHeadBytes = 8, MostDocumentBytes = 16 << 20;

        /// <summary>The document.</summary>
        public readonly JsonNode Document;

        private readonly ArraySegment<byte> binary;

        public GlbFile(byte[] data)
        {
            if (data == null || data.Length < HeadBytes || Whole(data, 0) != Magic)
                throw new ModelException("this is no binary glTF; expected a .glb file");
            if (Whole(data, 4) != 2) throw new ModelException($"the .glb has version {Whole(data, 4)}; expected 2");
            long end = Whole(data, 8);
            if (end < HeadBytes || end > data.Length) throw new ModelException("the .glb is cut off; copy or export it anew");
            ArraySegment<byte> text = default;
            for (int at = HeadBytes; at < end;)
            {
                if (at + ChunkHeadBytes > end) throw new ModelException("the .glb ends within the head of a chunk");
                long length = Whole(data, at);
                uint kind = Whole(data, at + 4);
                at += ChunkHeadBytes;
                if (length > end - at) throw new ModelException("the .glb ends within a chunk; copy or export it anew");
                var chunk = new ArraySegment<byte>(data, at, (int)length);
                if (kind == JsonChunk && text.Array == null) text = chunk;
                if (kind == BinaryChunk && binary.Array == null) binary = chunk;
                at += (int)length;
            }
            Document = Parsed(text);
        }

        /// <summary>Returns the bytes of a buffer view; <paramref name="stride"/>: 0 where elements lie side by side.</summary>
        public ArraySegment<byte> View(int index, out int stride)
        {
            JsonNode view = GlbModel.At(Document, "bufferViews", index);
            int buffer = view["buffer"].Whole(0), begin = view["byteOffset"].Whole(0), length = view["byteLength"].Whole(0);
            stride = view["byteStride"].Whole(0);
            if (buffer != 0 || GlbModel.At(Document, "buffers", 0)["uri"].Exists)
                throw new ModelException("the .glb keeps data in another file; export it with all data inside");
            if ((long)begin + length > binary.Count)
                throw new ModelException($"buffer view {index} lies outside of the .glb's data");
            return new ArraySegment<byte>(binary.Array ?? Array.Empty<byte>(), binary.Offset + begin, length);
        }

        private static JsonNode Parsed(ArraySegment<byte> text)
        {
            if (text.Array == null) throw new ModelException("the .glb has no document");
            if (text.Count > MostDocumentBytes) throw new ModelException("the document of the .glb is too long");
            var scanner = new JsonScanner(text.AsSpan().ToArray());
            JsonNode document = scanner.Node();
            scanner.ExpectEnd();
            return document;
        }

        private static uint Whole(byte[] data, int at) => BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(at));
    }
}
