using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// The pose that is due at a playback position, out of frames that come early, late, twice, out of order or not at all
    /// (PROTOCOL.md, section 9). No clock, no thread, no garbage: time is what the caller says.
    /// </summary>
    public sealed class JitterBuffer
    {
        /// <summary>Frames that wait at most.</summary>
        public const int Capacity = 4096;

        /// <summary>The time past the newest frame in which it is still shown, in seconds.</summary>
        public const double HoldSeconds = 0.1;

        /// <summary>Length of the blend to rest, in seconds.</summary>
        public const double ReleaseSeconds = 0.3;

        /// <summary>Length of the blend to frames that become due, in seconds.</summary>
        public const double EnterSeconds = 0.1;

        private readonly FrameStore store = new FrameStore(Capacity);
        private readonly int[] order = new int[Capacity];
        private readonly FacePose shown = new FacePose();
        private readonly FacePose source = new FacePose();
        private readonly FacePose second = new FacePose();
        private int first, count;
        private bool begun, came, follows;
        private uint stream, floor;
        private double rate = 1, end = double.PositiveInfinity;
        private double blendLength = ReleaseSeconds, blendElapsed = ReleaseSeconds;

        /// <summary>Frames that wait, the one at or before the position included.</summary>
        public int Waiting => count;

        /// <summary>The largest position asked for in this stream; minus infinity before.</summary>
        public double Position { get; private set; } = double.NegativeInfinity;

        /// <summary>Frames that were new and kept.</summary>
        public long Taken { get; private set; }

        /// <summary>Frames that came again.</summary>
        public long Replaced { get; private set; }

        /// <summary>Frames dropped because they are older than the one at or before the position.</summary>
        public long Late { get; private set; }

        /// <summary>Frames dropped because they belong to another stream, or lie beyond the end of a finished one.</summary>
        public long Foreign { get; private set; }

        /// <summary>Frames dropped because <see cref="Capacity"/> of them waited.</summary>
        public long Refused { get; private set; }

        /// <summary>Another stream follows, whose positions count samples at <paramref name="rate"/> hertz.</summary>
        public void Begin(uint stream, double rate)
        {
            this.stream = stream;
            this.rate = rate;
            Forget(count);
            first = 0;
            floor = 0;
            end = double.PositiveInfinity;
            Position = double.NegativeInfinity;
            begun = true;
            came = false;
            if (follows) TurnTo(false);
        }

        /// <summary>The rate of the stream turns out to be another one.</summary>
        public void SetRate(double value) => rate = value;

        /// <summary>Takes a frame; its numbers are copied. One that comes again replaces the one before.</summary>
        public void Put(FrameMessage frame)
        {
            int at = PlaceOf(frame.Index);
            if (!begun || frame.Stream != stream || frame.Sample > end) Foreign++;
            else if (frame.Index < floor) Late++;
            else if (at < count && store.Index(Slot(at)) == frame.Index)
            {
                store.Write(Slot(at), frame);
                Replaced++;
            }
            else if (count == Capacity) Refused++;
            else
            {
                Insert(at, frame);
                Taken++;
            }
        }

        /// <summary>The stream ends at this media time; frames beyond it are void.</summary>
        public void Finish(uint stream, double sample)
        {
            if (!begun || stream != this.stream) return;
            end = sample;
            int kept = 0;
            for (int i = 0; i < count; i++)
            {
                int slot = Slot(i);
                if (store.Sample(slot) <= end) order[Place(kept++)] = slot;
                else store.Free(slot);
            }
            Foreign += count - kept;
            count = kept;
        }

        /// <summary>
        /// Fills <paramref name="pose"/> with the face at <paramref name="position"/> (samples at the stream's rate),
        /// <paramref name="dt"/> seconds after the last call. A position below the largest so far, or one that is not
        /// finite, counts as the largest so far; a dt that is not positive and finite counts as 0.
        /// </summary>
        public void Evaluate(double position, double dt, FacePose pose)
        {
            if (double.IsFinite(position) && position > Position) Position = position;
            bool due = Due(pose);
            if (due != follows) TurnTo(due);
            if (dt > 0 && double.IsFinite(dt)) blendElapsed += dt;
            if (!due) pose.Rest(shown, StateWithoutFrames());
            double x = blendElapsed / blendLength;
            if (x < 1) pose.BlendFrom(source, x * x * x * (10 - 15 * x + 6 * x * x));
            shown.CopyFrom(pose);
        }

        /// <summary>Writes the frames' pose at the position; false where they have none.</summary>
        private bool Due(FacePose pose)
        {
            int before = 0;
            while (before < count && store.Sample(Slot(before)) <= Position) before++;
            if (before == 0) return false;
            Forget(before - 1);
            int slot = Slot(0);
            double sample = store.Sample(slot);
            floor = store.Index(slot);
            came = true;
            if (Position > end) return false;
            bool between = count > 1 && sample != Position;
            if (!between && Position - sample > HoldSeconds * rate) return false;
            pose.HasLandmarks = false;
            store.Read(slot, pose);
            pose.State = between || sample == Position ? FaceState.Playing : FaceState.Holding;
            if (between) Interpolate(pose, sample);
            return true;
        }

        /// <summary>From the first frame, which is in the pose, on the way to the second.</summary>
        private void Interpolate(FacePose pose, double sample)
        {
            int slot = Slot(1);
            double x = (Position - sample) / (store.Sample(slot) - sample);
            second.CopyFrom(pose);
            store.Read(slot, pose);
            pose.BlendFrom(second, x);
        }

        private FaceState StateWithoutFrames()
        {
            if (blendElapsed < blendLength) return FaceState.Releasing;
            return came ? FaceState.Resting : FaceState.Waiting;
        }

        private void TurnTo(bool frames)
        {
            follows = frames;
            source.CopyFrom(shown);
            blendLength = frames ? EnterSeconds : ReleaseSeconds;
            blendElapsed = 0;
        }

        private int Place(int i) => (first + i) % Capacity;

        private int Slot(int i) => order[Place(i)];

        /// <summary>The place of a frame of this number, or where it would stand.</summary>
        private int PlaceOf(uint index)
        {
            if (count == 0 || store.Index(Slot(count - 1)) < index) return count;
            int low = 0, high = count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (store.Index(Slot(middle)) < index) low = middle + 1;
                else high = middle;
            }
            return low;
        }

        private void Insert(int at, FrameMessage frame)
        {
            int slot = store.Take();
            store.Write(slot, frame);
            for (int i = count; i > at; i--) order[Place(i)] = order[Place(i - 1)];
            order[Place(at)] = slot;
            count++;
        }

        /// <summary>Drops the first so many frames.</summary>
        private void Forget(int frames)
        {
            for (int i = 0; i < frames; i++) store.Free(Slot(i));
            first = Place(frames);
            count -= frames;
        }
    }
}
