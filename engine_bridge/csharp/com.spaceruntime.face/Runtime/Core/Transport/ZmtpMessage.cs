using System;

namespace SpaceRuntime.Transport
{
    /// <summary>
    /// A received message: one or more parts in pooled buffers. Dispose it when it has been read; then its buffers serve the
    /// next one. Not for several threads at once.
    /// </summary>
    public sealed class ZmtpMessage : IDisposable
    {
        private readonly ZmtpInbox home;
        private ArraySegment<byte>[] parts = new ArraySegment<byte>[4];

        internal ZmtpMessage(ZmtpInbox home) => this.home = home;

        /// <summary>Number of parts.</summary>
        public int Count { get; private set; }

        /// <summary>Bytes of all parts.</summary>
        public long Bytes { get; private set; }

        /// <summary>Number of the link that it came over.</summary>
        public int Epoch { get; internal set; }

        /// <summary>A part; valid until the message is disposed.</summary>
        public ArraySegment<byte> this[int index] =>
            index < Count ? parts[index] : throw new ArgumentOutOfRangeException(nameof(index));

        /// <summary>Returns a copy of a part.</summary>
        public byte[] ToArray(int index) => this[index].AsSpan().ToArray();

        /// <summary>
        /// Hands a part's buffer to the caller, who returns it to the connection's pool; here the part is empty afterwards.
        /// </summary>
        public ArraySegment<byte> Detach(int index)
        {
            ArraySegment<byte> part = this[index];
            parts[index] = default;
            return part;
        }

        /// <summary>Gives all buffers and the message itself back.</summary>
        public void Dispose()
        {
            if (Count < 0) return;
            Clear();
            Count = -1;
            home.Recycle(this);
        }

        internal void Add(byte[] rented, int length)
        {
            if (Count == parts.Length) Array.Resize(ref parts, parts.Length * 2);
            parts[Count++] = new ArraySegment<byte>(rented, 0, length);
            Bytes += length;
        }

        internal void Clear()
        {
            for (int i = 0; i < Count; i++)
                if (parts[i].Array != null) home.Pool.Return(parts[i].Array);
            Count = 0;
            Bytes = 0;
        }
    }
}
