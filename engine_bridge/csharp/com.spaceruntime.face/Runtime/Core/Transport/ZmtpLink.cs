using System;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace SpaceRuntime.Transport
{
    /// <summary>
    /// One TCP connection from its dial to its end. The reader thread owns and closes it; the writer sends through it; whoever
    /// wants it gone calls <see cref="Abort"/>, which ends this link and never a later one. No wait is longer than
    /// <see cref="SliceMs"/> without a look at the deadline and at whether to stop.
    /// </summary>
    internal sealed class ZmtpLink
    {
        /// <summary>Longest wait inside the operating system, in milliseconds.</summary>
        public const int SliceMs = 40;

        /// <summary>Bytes of an unfinished body that count as life; a peer that drips fewer is dropped.</summary>
        private const int LifeBytes = 16384;

        private readonly Socket socket;
        private readonly int sendTimeoutMs;
        private readonly byte[] buffer = new byte[65536];
        private readonly byte[] head = new byte[9];
        private int start, end;
        private int sinceLife;
        private long deadline;
        private string limit;
        private int lifeMs;
        private volatile bool aborted;
        private volatile string abortReason;

        public ZmtpLink(Socket socket, int sendTimeoutMs)
        {
            this.sendTimeoutMs = sendTimeoutMs;
            this.socket = socket;
            socket.Blocking = false;
            socket.NoDelay = true;
            socket.ReceiveBufferSize = 1 << 20;
        }

        /// <summary>Minor version of the peer's ZMTP 3.</summary>
        public int PeerMinor { get; set; }

        /// <summary>Number of the link among all of its connection; 0 during the handshake.</summary>
        public int Epoch { get; set; }

        /// <summary>From now on, everything until the next call must be done within so many milliseconds.</summary>
        public void LimitTo(int ms, string what)
        {
            deadline = Clock.Ms + ms;
            limit = what;
            lifeMs = 0;
        }

        /// <summary>From now on, the peer must show life within so many milliseconds, again and again.</summary>
        public void ExpectLife(int ms)
        {
            lifeMs = ms;
            limit = $"the peer was silent for {ms} ms";
            Alive();
        }

        /// <summary>The peer has shown life, or it is our fault that nothing was read.</summary>
        public void Alive()
        {
            sinceLife = 0;
            if (lifeMs > 0) deadline = Clock.Ms + lifeMs;
        }

        /// <summary>Ends the link; whoever waits in it notices at once.</summary>
        public void Abort(string reason)
        {
            if (aborted) return;
            abortReason = reason;
            aborted = true;
            try
            {
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
            }
            catch (ObjectDisposedException)
            {
            }
        }

        /// <summary>Frees the socket. For the reader thread alone.</summary>
        public void Close() => socket.Close(0);

        /// <summary>Reads a frame's head: returns the body's length, at most <paramref name="largest"/>.</summary>
        public int ReadHead(long largest, out byte flags)
        {
            ReadExact(head, 0, 2);
            flags = head[0];
            if ((flags & ~(ZmtpFraming.More | ZmtpFraming.Long | ZmtpFraming.Command)) != 0)
                throw new ZmtpException($"a frame with reserved flags (0x{flags:x2})", true);
            if ((flags & ZmtpFraming.Command) != 0 && (flags & ZmtpFraming.More) != 0)
                throw new ZmtpException("a command that says more follows", true);
            ulong length = head[1];
            if ((flags & ZmtpFraming.Long) != 0)
            {
                ReadExact(head, 2, 7);
                length = BinaryPrimitives.ReadUInt64BigEndian(head.AsSpan(1));
            }
            if ((flags & ZmtpFraming.Command) != 0) largest = ZmtpFraming.MaxCommand;
            if (length > (ulong)Math.Min(largest, int.MaxValue - 64))
                throw new ZmtpException($"a frame of {length} bytes; at most {largest} are allowed here", true);
            return (int)length;
        }

        /// <summary>Reads so many bytes.</summary>
        public void ReadExact(byte[] into, int offset, int count)
        {
            while (count > 0)
            {
                if (start == end && count >= buffer.Length)
                {
                    int direct = Receive(into, offset, count);
                    offset += direct;
                    count -= direct;
                    continue;
                }
                if (start == end)
                {
                    start = 0;
                    end = Receive(buffer, 0, buffer.Length);
                }
                int taken = Math.Min(count, end - start);
                Buffer.BlockCopy(buffer, start, into, offset, taken);
                start += taken;
                offset += taken;
                count -= taken;
            }
        }

        /// <summary>Sends so many bytes. Raises when the link ends or the peer takes nothing.</summary>
        public void Send(byte[] bytes, int count)
        {
            int sent = 0;
            long until = Clock.Ms + sendTimeoutMs;
            while (sent < count)
            {
                ThrowIfAborted();
                if (Clock.Ms > until) throw new ZmtpException($"the peer took nothing for {sendTimeoutMs} ms", false);
                int n = socket.Send(bytes, sent, count - sent, SocketFlags.None, out SocketError error);
                if (IsBusy(error))
                    socket.Poll(SliceMs * 1000, SelectMode.SelectWrite);
                else if (error != SocketError.Success) throw Lost(error);
                else
                {
                    sent += n;
                    until = Clock.Ms + sendTimeoutMs;
                }
            }
        }

        /// <summary>Raises <see cref="ZmtpException"/> when somebody has ended the link.</summary>
        public void ThrowIfAborted()
        {
            if (aborted) throw new ZmtpException(abortReason, false);
        }

        private int Receive(byte[] into, int offset, int count)
        {
            while (true)
            {
                ThrowIfAborted();
                int n = socket.Receive(into, offset, count, SocketFlags.None, out SocketError error);
                if (error == SocketError.Success && n == 0) throw new ZmtpException("closed by the peer", false);
                if (error == SocketError.Success)
                {
                    sinceLife += n;
                    if (sinceLife >= LifeBytes) Alive();
                    if (Clock.Ms > deadline) throw new ZmtpException(limit, false);
                    return n;
                }
                if (!IsBusy(error)) throw Lost(error);
                long left = deadline - Clock.Ms;
                if (left <= 0) throw new ZmtpException(limit, false);
                socket.Poll((int)Math.Min(left, SliceMs) * 1000, SelectMode.SelectRead);
            }
        }

        private static bool IsBusy(SocketError error) =>
            error == SocketError.WouldBlock || error == SocketError.IOPending || error == SocketError.NoBufferSpaceAvailable;

        private static ZmtpException Lost(SocketError error) => new ZmtpException(
            error == SocketError.ConnectionReset ? "closed by the peer (reset)" : $"link lost ({error})", false);
    }
}
