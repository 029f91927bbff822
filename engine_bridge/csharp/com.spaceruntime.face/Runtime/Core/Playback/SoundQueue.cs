using System;

namespace SpaceRuntime
{
    /// <summary>
    /// Sound that comes in pieces and is played by a player that cannot wait: where sound is missing it gets silence, which is
    /// remembered, so that the position in the sound is known for each position of the player. One thread writes, another reads.
    /// </summary>
    public sealed class SoundQueue
    {
        private const int MostGaps = 256;

        private readonly object gate = new object();
        private readonly int channels;
        private readonly long[] gapAt = new long[MostGaps], gapLength = new long[MostGaps];
        private float[] ring;
        private int first, count, gaps;
        private long written, handed, forgotten;
        private bool ended;

        /// <summary>Makes one for interleaved sound, with room for a second at first.</summary>
        public SoundQueue(int rate, int channels)
        {
            this.channels = channels;
            ring = new float[rate * channels];
        }

        /// <summary>Samples per channel that were written.</summary>
        public long Written
        {
            get
            {
                lock (gate) return written;
            }
        }

        /// <summary>Adds the first so many values of an array, interleaved.</summary>
        public void Write(float[] values, int length)
        {
            lock (gate)
            {
                if (count + length > ring.Length) Grow(count + length);
                int at = (first + count) % ring.Length, piece = Math.Min(length, ring.Length - at);
                Array.Copy(values, 0, ring, at, piece);
                Array.Copy(values, piece, ring, 0, length - piece);
                count += length;
                written += length / channels;
            }
        }

        /// <summary>No more sound follows; the silence after it is no gap.</summary>
        public void End()
        {
            lock (gate) ended = true;
        }

        /// <summary>Fills a player's buffer, called on its thread. Allocates nothing.</summary>
        public void Read(float[] into)
        {
            lock (gate)
            {
                int taken = Math.Min(count, into.Length);
                int piece = Math.Min(taken, ring.Length - first);
                Array.Copy(ring, first, into, 0, piece);
                Array.Copy(ring, 0, into, piece, taken - piece);
                Array.Clear(into, taken, into.Length - taken);
                first = (first + taken) % ring.Length;
                count -= taken;
                if (taken < into.Length && !ended) AddGap(handed + taken / channels, (into.Length - taken) / channels);
                handed += into.Length / channels;
            }
        }

        /// <summary>Returns the position in the sound for one of the player, both in samples.</summary>
        public long PositionAt(long played)
        {
            lock (gate)
            {
                long position = played - forgotten;
                for (int i = 0; i < gaps && gapAt[i] < played; i++) position -= Math.Min(gapLength[i], played - gapAt[i]);
                return Math.Max(0, position);
            }
        }

        private void AddGap(long at, long length)
        {
            if (gaps > 0 && gapAt[gaps - 1] + gapLength[gaps - 1] == at)
            {
                gapLength[gaps - 1] += length;
                return;
            }
            if (gaps == MostGaps)
            {
                forgotten += gapLength[0];
                gaps--;
                Array.Copy(gapAt, 1, gapAt, 0, gaps);
                Array.Copy(gapLength, 1, gapLength, 0, gaps);
            }
            gapAt[gaps] = at;
            gapLength[gaps++] = length;
        }

        private void Grow(int wanted)
        {
            var larger = new float[Math.Max(wanted, ring.Length * 2)];
            int piece = Math.Min(count, ring.Length - first);
            Array.Copy(ring, first, larger, 0, piece);
            Array.Copy(ring, 0, larger, piece, count - piece);
            ring = larger;
            first = 0;
        }
    }
}
