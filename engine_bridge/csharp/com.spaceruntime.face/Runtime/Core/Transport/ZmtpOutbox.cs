using System;
using System.Collections.Generic;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>
    /// A queue of what is to be sent: commands first, then messages as bytes with their frame heads, in pooled buffers. A message
    /// stays here until it has gone out whole, so one that was half sent when the link broke goes out again on the next.
    /// </summary>
    internal sealed class ZmtpOutbox
    {
        private const int MostCommands = 256;

        private readonly object gate = new object();
        private readonly Queue<Item> items = new Queue<Item>();
        private readonly Queue<byte[]> commands = new Queue<byte[]>();
        private readonly ZmtpOptions options;
        private readonly ZmtpCounters counters;
        private readonly byte[] ping;
        private long bytes;
        private long nextPing;
        private ZmtpLink link;
        private bool closed;

        public ZmtpOutbox(ZmtpOptions options, ZmtpCounters counters)
        {
            this.options = options;
            this.counters = counters;
            ping = ZmtpFraming.Ping(options.HeartbeatTimeoutMs);
        }

        /// <summary>Buffers of what waits.</summary>
        public BufferPool Pool { get; } = new BufferPool();

        /// <summary>Adds a message; false where there is no room. An epoch other than 0 binds it to that link.</summary>
        public bool TryPut(byte[] rented, int length, int epoch)
        {
            lock (gate)
            {
                bool full = items.Count >= options.SendLimit || (items.Count > 0 && bytes + length > options.SendBytes);
                if (closed || full) return false;
                items.Enqueue(new Item(rented, length, epoch));
                bytes += length;
                Monitor.PulseAll(gate);
                return true;
            }
        }

        /// <summary>Adds a command for this link; where far too many wait, it is dropped.</summary>
        public void PutCommand(ZmtpLink to, byte[] frame)
        {
            lock (gate)
            {
                if (link != to || commands.Count >= MostCommands) return;
                commands.Enqueue(frame);
                Monitor.PulseAll(gate);
            }
        }

        /// <summary>From now on, this link is written to; null: none.</summary>
        public void Attach(ZmtpLink next, IEnumerable<byte[]> first)
        {
            lock (gate)
            {
                link = next;
                commands.Clear();
                foreach (byte[] frame in first) commands.Enqueue(frame);
                nextPing = Clock.Ms + options.HeartbeatMs;
                Monitor.PulseAll(gate);
            }
        }

        /// <summary>This link is not written to any more; a later one is.</summary>
        public void Detach(ZmtpLink broken)
        {
            lock (gate)
                if (link == broken) link = null;
        }

        /// <summary>Waits for something to send; false when the connection is over.</summary>
        public bool Next(out ZmtpLink to, out byte[] frame, out int length, out bool isMessage)
        {
            lock (gate)
            {
                while (!closed)
                {
                    to = link;
                    if (to != null && Choose(out frame, out length, out isMessage)) return true;
                    long wait = to == null ? 1000 : Math.Max(1, nextPing - Clock.Ms);
                    Monitor.Wait(gate, (int)Math.Min(wait, 1000));
                }
                to = null;
                frame = null;
                length = 0;
                isMessage = false;
                return false;
            }
        }

        /// <summary>The message that <see cref="Next"/> gave has gone out.</summary>
        public void Done()
        {
            lock (gate)
            {
                Remove();
                if (items.Count == 0) Monitor.PulseAll(gate);
            }
        }

        /// <summary>Waits until no message is left, at most so many milliseconds; not at all without a link.</summary>
        public void WaitEmpty(int timeoutMs)
        {
            long until = Clock.Ms + timeoutMs;
            lock (gate)
                while (items.Count > 0 && link != null && !closed && Clock.Ms < until) Monitor.Wait(gate, 5);
        }

        /// <summary>Nothing is taken or sent from now on.</summary>
        public void Close()
        {
            lock (gate)
            {
                closed = true;
                Monitor.PulseAll(gate);
            }
        }

        private bool Choose(out byte[] frame, out int length, out bool isMessage)
        {
            isMessage = false;
            if (commands.Count > 0)
            {
                frame = commands.Dequeue();
                length = frame.Length;
                return true;
            }
            long now = Clock.Ms;
            if (now >= nextPing)
            {
                nextPing = now + options.HeartbeatMs;
                Interlocked.Increment(ref counters.pingsOut);
                frame = ping;
                length = ping.Length;
                return true;
            }
            while (items.Count > 0 && items.Peek().IsStale(link.Epoch))
            {
                Remove();
                Interlocked.Increment(ref counters.dropped);
            }
            isMessage = items.Count > 0;
            frame = isMessage ? items.Peek().Bytes : null;
            length = isMessage ? items.Peek().Length : 0;
            return isMessage;
        }

        private void Remove()
        {
            Item item = items.Dequeue();
            bytes -= item.Length;
            Pool.Return(item.Bytes);
        }

        private readonly struct Item
        {
            public Item(byte[] bytes, int length, int epoch)
            {
                Bytes = bytes;
                Length = length;
                this.epoch = epoch;
            }

            private readonly int epoch;

            public byte[] Bytes { get; }

            public int Length { get; }

            public bool IsStale(int current) => epoch != 0 && epoch != current;
        }
    }
}
