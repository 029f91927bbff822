using System;

namespace SpaceRuntime
{
    /// <summary>
    /// The sound of a stream that may still be needed: what has not been sent yet, and what a server that was restarted must
    /// get again. A ring that grows up to <see cref="Seconds"/> and is used again. Positions are samples per channel.
    /// </summary>
    internal sealed class SoundHistory
    {
        /// <summary>Sound kept behind the newest, for a server that was restarted.</summary>
        public const int KeptSeconds = 30;

        /// <summary>Sound in all, half of which may wait to be sent.</summary>
        public const int Seconds = 2 * KeptSeconds;

        private readonly int blockBytes;
        private readonly long mostBlocks;
        private byte[] ring;

        /// <param name="first">Position of the first sample to come.</param>
        /// <param name="rate">Samples per second.</param>
        /// <param name="blockBytes">Bytes of one sample of all channels.</param>
        public SoundHistory(long first, int rate, int blockBytes)
        {
            this.blockBytes = blockBytes;
            mostBlocks = Math.Min((long)rate * Seconds, (int.MaxValue - 64) / blockBytes);
            ring = new byte[Math.Min(rate, mostBlocks) * blockBytes];
            First = End = first;
        }

        /// <summary>The oldest sample that is kept.</summary>
        public long First { get; private set; }

        /// <summary>The sample after the newest.</summary>
        public long End { get; private set; }

        private long Blocks => ring.Length / blockBytes;

        /// <summary>
        /// Returns room for up to so many samples, possibly fewer; nothing when it is full. What lies before
        /// <paramref name="needed"/> may go.
        /// </summary>
        public Span<byte> Room(long samples, long needed)
        {
            while (Blocks - (End - First) < samples && Blocks < mostBlocks) Grow();
            long missing = samples - (Blocks - (End - First));
            if (missing > 0) First = Math.Max(First, Math.Min(needed, First + missing));
            long free = Blocks - (End - First);
            long at = End % Blocks;
            int count = (int)Math.Min(Math.Min(samples, free), Blocks - at);
            return ring.AsSpan((int)(at * blockBytes), count * blockBytes);
        }

        /// <summary>So many samples have been written into the room.</summary>
        public void Commit(int samples) => End += samples;

        /// <summary>Returns the sound from a position on, at most so many samples, possibly fewer.</summary>
        public ArraySegment<byte> Read(long from, int samples)
        {
            long at = from % Blocks;
            int count = (int)Math.Min(Math.Min(samples, End - from), Blocks - at);
            return new ArraySegment<byte>(ring, (int)(at * blockBytes), count * blockBytes);
        }

        private void Grow()
        {
            var larger = new byte[Math.Min(Blocks * 2, mostBlocks) * blockBytes];
            long blocks = larger.Length / blockBytes;
            for (long from = First; from < End;)
            {
                ArraySegment<byte> old = Read(from, (int)Math.Min(int.MaxValue, blocks - from % blocks));
                Buffer.BlockCopy(old.Array, old.Offset, larger, (int)(from % blocks * blockBytes), old.Count);
                from += old.Count / blockBytes;
            }
            ring = larger;
        }
    }
}
