using System;

namespace SpaceRuntime
{
    /// <summary>The frames that the server may send ahead: 256, less those that wait (PROTOCOL.md, section 9).</summary>
    internal sealed class CreditWindow
    {
        /// <summary>Frames ahead at most.</summary>
        public const uint Size = 256;

        private uint next;
        private uint until;

        /// <summary>A session begins, or goes on with this sequence number.</summary>
        public void Begin(uint nextSeq, uint granted)
        {
            next = nextSeq;
            until = granted;
        }

        /// <summary>Counts a frame that has come.</summary>
        public void Count(uint seq)
        {
            if (seq >= next && seq < uint.MaxValue) next = seq + 1;
        }

        /// <summary>True if the server should be told of more credit, which is then <paramref name="granted"/>.</summary>
        public bool IsDue(int waiting, out uint granted)
        {
            long target = (long)next + Size - Math.Min(waiting, Size);
            granted = (uint)Math.Min(uint.MaxValue, target);
            return target >= until + (long)(Size / 4);
        }

        /// <summary>The server has been told.</summary>
        public void Granted(uint value) => until = value;
    }
}
