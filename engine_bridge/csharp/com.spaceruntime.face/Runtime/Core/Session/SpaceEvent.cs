namespace SpaceRuntime
{
    /// <summary>The kinds of events.</summary>
    public enum SpaceEventKind
    {
        /// <summary>The session exists; frames can come.</summary>
        Opened,

        /// <summary>The link was lost and is back; the same session goes on.</summary>
        Resumed,

        /// <summary>The session was lost; a new one takes its stream up.</summary>
        Reopened,

        /// <summary>The link to the server is lost; the client tries to connect again.</summary>
        LinkLost,

        /// <summary>The first frame of a stream follows; <see cref="SpaceEvent.Sample"/> is its media time.</summary>
        Started,

        /// <summary>Sound came too late, by <see cref="SpaceEvent.Number"/> milliseconds.</summary>
        Underrun,

        /// <summary>A stream is over; <see cref="SpaceEvent.Code"/> says why, Number how many frames were dropped.</summary>
        Finished,

        /// <summary>The server refused something; Code is for programs, Text for people.</summary>
        Error,

        /// <summary>The session is over for good.</summary>
        Closed,

        /// <summary>The server says a sentence about a stream's sound, in Text; nothing ends.</summary>
        Notice,
    }

    /// <summary>Something that happened to a session.</summary>
    public readonly struct SpaceEvent
    {
        /// <summary>Makes an event.</summary>
        public SpaceEvent(SpaceEventKind kind, uint stream, string code, string text, double sample, uint number)
        {
            Kind = kind;
            Stream = stream;
            Code = code;
            Text = text;
            Sample = sample;
            Number = number;
        }

        /// <summary>Its kind.</summary>
        public SpaceEventKind Kind { get; }

        /// <summary>The stream concerned; 0: none.</summary>
        public uint Stream { get; }

        /// <summary>A reason or an error code; empty where there is none.</summary>
        public string Code { get; }

        /// <summary>A sentence for people; empty where there is none.</summary>
        public string Text { get; }

        /// <summary>A media time in samples.</summary>
        public double Sample { get; }

        /// <summary>A count; see the kinds.</summary>
        public uint Number { get; }

        /// <inheritdoc/>
        public override string ToString() => $"{Kind} stream={Stream} {Code} {Text}".TrimEnd();
    }

    /// <summary>The last events that have not been asked for; the oldest give way. Not for several threads at once.</summary>
    internal sealed class EventQueue
    {
        private readonly SpaceEvent[] ring = new SpaceEvent[256];
        private int first, count;

        public long Dropped { get; private set; }

        public void Add(
            SpaceEventKind kind, uint stream = 0, string code = "", string text = "", double sample = 0, uint number = 0)
        {
            if (count == ring.Length)
            {
                first = (first + 1) % ring.Length;
                count--;
                Dropped++;
            }
            ring[(first + count++) % ring.Length] = new SpaceEvent(kind, stream, code, text, sample, number);
        }

        public bool TryTake(out SpaceEvent taken)
        {
            taken = default;
            if (count == 0) return false;
            taken = ring[first];
            first = (first + 1) % ring.Length;
            count--;
            return true;
        }
    }
}
