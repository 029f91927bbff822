using System;
using System.Collections.Generic;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    /// <summary>
    /// The picture of a frame, in the buffer in which it came. Dispose it when it has been uploaded; then the buffer serves
    /// the next one.
    /// </summary>
    public sealed class TextureImage : IDisposable
    {
        private readonly TextureQueue home;
        private byte[] buffer;
        private BufferPool pool;

        internal TextureImage(TextureQueue home) => this.home = home;

        /// <summary>The frame's number.</summary>
        public uint Index { get; private set; }

        /// <summary>Its media time in samples.</summary>
        public double Sample { get; private set; }

        /// <summary><c>rgb</c> (rows from the top, 3 bytes a pixel), <c>jpeg</c> or <c>webp</c>.</summary>
        public string Format { get; private set; }

        /// <summary>Pixels of a row.</summary>
        public int Width { get; private set; }

        /// <summary>Rows.</summary>
        public int Height { get; private set; }

        /// <summary>The picture; valid until this is disposed.</summary>
        public ArraySegment<byte> Pixels { get; private set; }

        /// <summary>Gives the buffer back.</summary>
        public void Dispose()
        {
            byte[] old = System.Threading.Interlocked.Exchange(ref buffer, null);
            if (old == null) return;
            Pixels = default;
            pool.Return(old);
            home.Recycle(this);
        }

        internal void Fill(TextureMessage message, byte[] rented, BufferPool from)
        {
            buffer = rented;
            pool = from;
            Index = message.Index;
            Sample = message.Sample;
            Format = message.Format;
            Width = (int)message.Width;
            Height = (int)message.Height;
            Pixels = message.Pixels;
        }
    }

    /// <summary>Pictures that wait for their time, and empty ones for the next.</summary>
    internal sealed class TextureQueue
    {
        private const int Most = 64;
        private const long MostBytes = 64L << 20;

        private readonly object gate = new object();
        private readonly Queue<TextureImage> waiting = new Queue<TextureImage>();
        private readonly Stack<TextureImage> empty = new Stack<TextureImage>();
        private long bytes;

        /// <summary>Pictures that were never shown, because a newer one was due or too many waited.</summary>
        public long Skipped { get; private set; }

        /// <summary>Pictures that came.</summary>
        public long Taken { get; private set; }

        /// <summary>Takes over the buffer in which a picture came.</summary>
        public void Put(TextureMessage message, byte[] rented, BufferPool pool)
        {
            lock (gate)
            {
                while (waiting.Count > 0 && (waiting.Count == Most || bytes + message.Pixels.Count > MostBytes)) Skip();
                bytes += message.Pixels.Count;
                TextureImage image = empty.Count > 0 ? empty.Pop() : new TextureImage(this);
                image.Fill(message, rented, pool);
                waiting.Enqueue(image);
                Taken++;
            }
        }

        /// <summary>Returns the newest picture whose time has come, or null; those before it are skipped.</summary>
        public TextureImage Take(double position)
        {
            lock (gate)
            {
                TextureImage due = null;
                while (waiting.Count > 0 && waiting.Peek().Sample <= position)
                {
                    if (due != null)
                    {
                        Skipped++;
                        due.Dispose();
                    }
                    due = Next();
                }
                return due;
            }
        }

        /// <summary>Forgets all pictures.</summary>
        public void Clear()
        {
            lock (gate)
                while (waiting.Count > 0) Skip();
        }

        /// <summary>Takes an empty one back.</summary>
        public void Recycle(TextureImage image)
        {
            lock (gate) empty.Push(image);
        }

        private void Skip()
        {
            Skipped++;
            Next().Dispose();
        }

        private TextureImage Next()
        {
            TextureImage next = waiting.Dequeue();
            bytes -= next.Pixels.Count;
            return next;
        }
    }
}
