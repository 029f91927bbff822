using System.Collections.Generic;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>Messages that wait to be received, within limits of number and bytes, and the empty ones for the next.</summary>
    internal sealed class ZmtpInbox
    {
        private readonly object gate = new object();
        private readonly Queue<ZmtpMessage> waiting = new Queue<ZmtpMessage>();
        private readonly Stack<ZmtpMessage> empty = new Stack<ZmtpMessage>();
        private readonly ZmtpOptions options;
        private readonly ZmtpCounters counters;
        private readonly bool dropsOldest;
        private long bytes;
        private bool closed;

        public ZmtpInbox(ZmtpOptions options, ZmtpCounters counters, bool dropsOldest)
        {
            this.options = options;
            this.counters = counters;
            this.dropsOldest = dropsOldest;
        }

        public BufferPool Pool { get; } = new BufferPool();

        /// <summary>Messages that wait.</summary>
        public int Count
        {
            get
            {
                lock (gate) return waiting.Count;
            }
        }

        /// <summary>Returns an empty message.</summary>
        public ZmtpMessage Fresh()
        {
            lock (gate)
            {
                ZmtpMessage message = empty.Count > 0 ? empty.Pop() : new ZmtpMessage(this);
                message.Clear();
                return message;
            }
        }

        /// <summary>Takes a message back that has given its buffers back.</summary>
        public void Recycle(ZmtpMessage message)
        {
            lock (gate)
                if (empty.Count < 64) empty.Push(message);
        }

        /// <summary>
        /// Takes a message in. A SUB makes room by dropping the oldest ones. Otherwise false says that there is no room, after
        /// a wait of at most a slice: number and reserve of the same size are used up. The reserve is there so that PINGs
        /// behind a queue that has just become full are still seen.
        /// </summary>
        public bool TryPut(ZmtpMessage message)
        {
            lock (gate)
            {
                while (waiting.Count > 0 && (options.Conflate || (dropsOldest && !Fits(message, options.ReceiveLimit)))) Drop();
                if (!closed && !Fits(message, dropsOldest ? options.ReceiveLimit : 2 * options.ReceiveLimit))
                {
                    Monitor.Wait(gate, ZmtpLink.SliceMs);
                    return false;
                }
                waiting.Enqueue(message);
                bytes += message.Bytes;
                Monitor.PulseAll(gate);
                return true;
            }
        }

        /// <summary>Takes the oldest message out, or waits for one for so many milliseconds.</summary>
        public bool TryTake(int timeoutMs, out ZmtpMessage message)
        {
            message = null;
            long until = timeoutMs > 0 ? Clock.Ms + timeoutMs : 0;
            lock (gate)
            {
                while (waiting.Count == 0)
                {
                    long left = until - Clock.Ms;
                    if (timeoutMs <= 0 || left <= 0 || closed) return false;
                    Monitor.Wait(gate, (int)left);
                }
                message = waiting.Dequeue();
                bytes -= message.Bytes;
                Monitor.PulseAll(gate);
                return true;
            }
        }

        /// <summary>Nobody waits from now on.</summary>
        public void Close()
        {
            lock (gate)
            {
                closed = true;
                Monitor.PulseAll(gate);
            }
        }

        private bool Fits(ZmtpMessage message, int limit) =>
            waiting.Count == 0 || (waiting.Count < limit && bytes + message.Bytes <= options.ReceiveBytes);

        private void Drop()
        {
            ZmtpMessage oldest = waiting.Dequeue();
            bytes -= oldest.Bytes;
            oldest.Dispose();
            Interlocked.Increment(ref counters.dropped);
        }
    }
}
