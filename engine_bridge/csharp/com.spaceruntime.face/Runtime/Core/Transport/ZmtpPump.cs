using System;
using System.Threading;

namespace SpaceRuntime.Transport
{
    /// <summary>
    /// Reads frames off a link until it ends: commands are answered, parts are gathered into messages. Nothing is allocated
    /// because a peer says so: a buffer grows with the bytes that have come.
    /// </summary>
    internal sealed class ZmtpPump
    {
        private const int FirstBuffer = 65536;

        private readonly ZmtpLink link;
        private readonly ZmtpInbox inbox;
        private readonly ZmtpOutbox outbox;
        private readonly ZmtpOptions options;
        private readonly ZmtpCounters counters;
        private readonly byte[] command = new byte[ZmtpFraming.MaxCommand];
        private int largestSeen;

        public ZmtpPump(ZmtpLink link, ZmtpInbox inbox, ZmtpOutbox outbox, ZmtpOptions options, ZmtpCounters counters)
        {
            this.link = link;
            this.inbox = inbox;
            this.outbox = outbox;
            this.options = options;
            this.counters = counters;
        }

        /// <summary>Never returns; raises <see cref="ZmtpException"/> when the link ends.</summary>
        public void Run()
        {
            ZmtpMessage message = inbox.Fresh();
            try
            {
                while (true)
                {
                    int length = link.ReadHead(options.MaxMessageBytes - message.Bytes, out byte flags);
                    if ((flags & ZmtpFraming.Command) != 0)
                    {
                        Command(length);
                        continue;
                    }
                    AddPart(message, length);
                    if ((flags & ZmtpFraming.More) != 0) continue;
                    Deliver(message);
                    message = null;
                    message = inbox.Fresh();
                }
            }
            finally
            {
                message?.Dispose();
            }
        }

        private void AddPart(ZmtpMessage message, int length)
        {
            if (message.Count >= options.MaxParts)
                throw new ZmtpException($"a message of more than {options.MaxParts} parts", true);
            message.Add(ReadBody(length), length);
            message.Epoch = link.Epoch;
            link.Alive();
            Interlocked.Add(ref counters.bytesIn, length);
        }

        private byte[] ReadBody(int length)
        {
            byte[] body = inbox.Pool.Rent(Math.Min(length, Math.Max(FirstBuffer, largestSeen)));
            try
            {
                int got = 0;
                while (got < length)
                {
                    if (got == body.Length) body = Grown(body, length);
                    int wanted = Math.Min(length, body.Length) - got;
                    link.ReadExact(body, got, wanted);
                    got += wanted;
                }
            }
            catch (Exception)
            {
                inbox.Pool.Return(body);
                throw;
            }
            largestSeen = Math.Max(largestSeen, length);
            return body;
        }

        private byte[] Grown(byte[] full, int length)
        {
            byte[] larger = inbox.Pool.Rent((int)Math.Min(length, full.Length * 2L));
            Buffer.BlockCopy(full, 0, larger, 0, full.Length);
            inbox.Pool.Return(full);
            return larger;
        }

        private void Deliver(ZmtpMessage message)
        {
            while (!inbox.TryPut(message))
            {
                link.ThrowIfAborted();
                link.Alive();
            }
            Interlocked.Increment(ref counters.messagesIn);
        }

        private void Command(int length)
        {
            link.ReadExact(command, 0, length);
            link.Alive();
            ReadOnlySpan<byte> body = command.AsSpan(0, length);
            string name = ZmtpFraming.Name(body, out int at);
            ReadOnlySpan<byte> data = body.Slice(at);
            if (name == "PONG") Interlocked.Increment(ref counters.pongsIn);
            else if (name == "ERROR") throw new ZmtpException("the peer refuses: " + ZmtpHandshake.ErrorReason(data), true);
            else if (name == "PING") Answer(data);
        }

        private void Answer(ReadOnlySpan<byte> ping)
        {
            if (ping.Length < 2 || ping.Length > 18) throw new ZmtpException("a PING of a wrong length", true);
            Interlocked.Increment(ref counters.pingsIn);
            outbox.PutCommand(link, ZmtpFraming.CommandFrame("PONG", ping.Slice(2)));
        }
    }
}
