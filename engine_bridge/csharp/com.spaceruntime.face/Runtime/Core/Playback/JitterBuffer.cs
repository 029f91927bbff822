using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// The pose that is due at a playback position, out of frames that come early, late, twice, out of order or not at all
    /// (PROTOCOL.md, section 9). No clock, no thread, no garbage: time is what the caller says.
    /// </summary>
    public sealed class JitterBuffer
    {
        /// <summary>Frames that are kept at most.</summary>
        public const int Capacity = 4096;

        /// <summary>Frames that are kept at most after their time, for a player that seeks back.</summary>
        public const int History = 2048;

        /// <summary>
        /// The time in which a face without anything new is still shown: past the newest frame, or at a position that stands
        /// still; in seconds. A position that falls back by more than this seeks.
        /// </summary>
        public const double HoldSeconds = 0.1;

        /// <summary>Length of the blend to rest, in seconds.</summary>
        public const double ReleaseSeconds = 0.3;

        /// <summary>Length of the blend to frames that become due, in seconds.</summary>
        public const double EnterSeconds = 0.1;

        /// <summary>Frames further apart than this, with lost ones between them, are no neighbours.</summary>
        public const double GapSeconds = 0.4;

        private const double ToleranceSeconds = 1e-6;

        private readonly FrameStore store = new FrameStore(Capacity);
        private readonly int[] order = new int[Capacity];
        private readonly PlayerClock clock = new PlayerClock();
        private readonly FacePose shown = new FacePose();
        private readonly FacePose source = new FacePose();
        private readonly FacePose second = new FacePose();
        private int first, count, passed;
        private bool begun, came, follows;
        private uint stream, floor;
        private double rate = 1, end = double.PositiveInfinity;
        private double blendLength = ReleaseSeconds, blendElapsed = ReleaseSeconds;

        /// <summary>Frames that wait, the one at or before the position included; those before it do not.</summary>
        public int Waiting => count - passed;

        /// <summary>The last position that counted; minus infinity before the stream's first.</summary>
        public double Position => clock.Position;

        /// <summary>Frames that were new and kept.</summary>
        public long Taken { get; private set; }

        /// <summary>Frames that came again.</summary>
        public long Replaced { get; private set; }

        /// <summary>Frames dropped because they are older than the one at or before the position.</summary>
        public long Late { get; private set; }

        /// <summary>Frames dropped because they belong to another stream, or lie beyond the end of a finished one.</summary>
        public long Foreign { get; private set; }

        /// <summary>
        /// Frames dropped because <see cref="Capacity"/> of them waited, or because their time contradicts their neighbours'.
        /// </summary>
        public long Refused { get; private set; }

        /// <summary>Another stream follows, whose positions count samples at <paramref name="rate"/> hertz.</summary>
        public void Begin(uint stream, double rate)
        {
            this.stream = stream;
            this.rate = rate;
            Forget(count);
            first = passed = 0;
            floor = 0;
            end = double.PositiveInfinity;
            clock.Begin();
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
            else if (at < count && store.Index(Slot(at)) == frame.Index) Replace(at, frame);
            else if (!Fits(frame, at, at) || !MakeRoom(ref at)) Refused++;
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
            passed = Math.Min(passed, Math.Max(count - 1, 0));
        }

        /// <summary>
        /// Fills <paramref name="pose"/> with the face at <paramref name="position"/> (samples at the stream's rate),
        /// <paramref name="dt"/> seconds after the last call. A position that is not finite, or smaller by at most
        /// <see cref="HoldSeconds"/>, counts as the one before; one that is smaller by more seeks. A dt that is not positive
        /// and finite counts as 0, one above a second as a second.
        /// </summary>
        public void Evaluate(double position, double dt, FacePose pose)
        {
            dt = PlayerClock.Clamped(dt);
            double before = Position;
            double way = clock.Move(position, dt, rate);
            bool due = Due(way, dt, pose);
            if (due != follows || (due && Position < before)) TurnTo(due);
            blendElapsed += dt;
            if (!due) pose.Rest(shown, StateWithoutFrames());
            double x = blendElapsed / blendLength;
            if (!BlendIsOver) pose.BlendFrom(source, x * x * x * (10 - 15 * x + 6 * x * x));
            shown.CopyFrom(pose);
        }

        private bool BlendIsOver => blendElapsed >= blendLength - ToleranceSeconds;

        /// <summary>Writes the frames' pose at the position; false where they have none.</summary>
        private bool Due(double way, double dt, FacePose pose)
        {
            int before = CountUntil(Position);
            passed = Math.Min(Math.Max(before - 1, 0), History);
            if (before == 0)
            {
                floor = 0;
                clock.HasNoFrame();
                return false;
            }
            Forget(before - 1 - passed);
            int slot = Slot(passed);
            double sample = store.Sample(slot);
            bool hasNext = HasNeighbour();
            double past = hasNext ? 0 : Position - sample;
            floor = store.Index(slot);
            clock.CountStill(floor, past, way, dt);
            came = true;
            const double Longest = HoldSeconds + ToleranceSeconds;
            if (Position > end || clock.StillSeconds > Longest || past > Longest * rate) return false;
            pose.HasLandmarks = false;
            store.Read(slot, pose);
            pose.State = past > 0 ? FaceState.Holding : FaceState.Playing;
            if (hasNext && sample != Position) Interpolate(pose, sample);
            return true;
        }

        /// <summary>The number of frames at or before a position.</summary>
        private int CountUntil(double position)
        {
            int low = 0, high = count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (store.Sample(Slot(middle)) <= position) low = middle + 1;
                else high = middle;
            }
            return low;
        }

        /// <summary>True: there is a frame after the one at or before the position, and no gap between them.</summary>
        private bool HasNeighbour()
        {
            if (count < passed + 2) return false;
            int one = Slot(passed), other = Slot(passed + 1);
            return store.Sample(other) - store.Sample(one) <= (GapSeconds + ToleranceSeconds) * rate
                || store.Index(other) - store.Index(one) == 1;
        }

        /// <summary>From the frame that is in the pose on the way to the one after it.</summary>
        private void Interpolate(FacePose pose, double sample)
        {
            int slot = Slot(passed + 1);
            double x = (Position - sample) / (store.Sample(slot) - sample);
            second.CopyFrom(pose);
            store.Read(slot, pose);
            pose.BlendFrom(second, x);
        }

        private FaceState StateWithoutFrames()
        {
            if (!BlendIsOver) return FaceState.Releasing;
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

        /// <summary>
        /// True: a frame's time lies between those of its neighbours, the ones before <paramref name="at"/> and at
        /// <paramref name="after"/>.
        /// </summary>
        private bool Fits(FrameMessage frame, int at, int after) =>
            (at == 0 || store.Sample(Slot(at - 1)) < frame.Sample)
            && (after == count || frame.Sample < store.Sample(Slot(after)));

        /// <summary>Forgets the oldest passed frame where there is no room. True: there is room at a place.</summary>
        private bool MakeRoom(ref int at)
        {
            if (count == Capacity && passed > 0)
            {
                Forget(1);
                passed--;
                at--;
            }
            return count < Capacity;
        }

        private void Replace(int at, FrameMessage frame)
        {
            if (!Fits(frame, at, at + 1))
            {
                Refused++;
                return;
            }
            store.Write(Slot(at), frame);
            Replaced++;
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
