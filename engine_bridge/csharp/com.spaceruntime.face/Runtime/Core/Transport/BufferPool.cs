using System;
using System.Buffers;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>
    /// Byte arrays that are used again, up to 64 MB each. Whoever rents one returns it, from any thread. Each connection has
    /// its own pool, so that what one holds does not cost another.
    /// </summary>
    public sealed class BufferPool
    {
        private readonly ArrayPool<byte> pool = ArrayPool<byte>.Create(1 << 26, 64);
        private int outstanding;

        /// <summary>Arrays that are rented at this moment.</summary>
        public int Outstanding => Volatile.Read(ref outstanding);

        /// <summary>Returns an array of at least so many bytes, with anything in it.</summary>
        public byte[] Rent(int count)
        {
            Interlocked.Increment(ref outstanding);
            return pool.Rent(Math.Max(count, 1));
        }

        /// <summary>Takes an array back.</summary>
        public void Return(byte[] array)
        {
            Interlocked.Decrement(ref outstanding);
            pool.Return(array);
        }
    }
}
