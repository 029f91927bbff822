using System;

namespace SpaceRuntime
{
    /// <summary>
    /// The position of an audio player, which may stand still, tremble, jump or be no number, and the time in which it gave
    /// nothing new (PROTOCOL.md, section 9).
    /// </summary>
    internal sealed class PlayerClock
    {
        private const double Slowest = 0.1;
        private const double LongestStepSeconds = 0.05;
        private const double LongestDtSeconds = 1;
        private const double Furthest = 9007199254740992;

        private bool hasFrame;
        private uint frame;

        /// <summary>The last position that counted; minus infinity before the stream's first.</summary>
        public double Position { get; private set; } = double.NegativeInfinity;

        /// <summary>The time in which there was nothing new.</summary>
        public double StillSeconds { get; private set; }

        /// <summary>A time between two questions: 0 if it is none, at most a second.</summary>
        public static double Clamped(double dt) => dt > 0 && double.IsFinite(dt) ? Math.Min(dt, LongestDtSeconds) : 0;

        /// <summary>Another stream follows.</summary>
        public void Begin()
        {
            Position = double.NegativeInfinity;
            HasNoFrame();
        }

        /// <summary>Takes a position. Its way if it moves, infinity for a seek and the first one, 0 if it stands still.</summary>
        public double Move(double position, double dt, double rate)
        {
            if (!double.IsFinite(position)) return 0;
            position = Math.Min(Math.Max(position, -Furthest), Furthest);
            double before = Position;
            bool seeks = position < before - JitterBuffer.HoldSeconds * rate;
            if (position <= before && !seeks) return 0;
            Position = position;
            double way = seeks ? double.PositiveInfinity : position - before;
            return way >= Slowest * Math.Min(dt, LongestStepSeconds) * rate ? way : 0;
        }

        /// <summary>There is no frame at or before the position.</summary>
        public void HasNoFrame()
        {
            hasFrame = false;
            StillSeconds = 0;
        }

        /// <summary>
        /// Counts the time in which there was nothing new. <paramref name="index"/>: the frame at or before the position;
        /// <paramref name="past"/>: the way from there, if it is the newest, else 0; <paramref name="way"/>: as moved.
        /// </summary>
        public void CountStill(uint index, double past, double way, double dt)
        {
            bool isSame = hasFrame && index == frame;
            if (hasFrame && (way <= 0 || (isSame && past > 0))) StillSeconds += dt;
            else StillSeconds = way > 0 ? dt * Math.Min(past / way, 1) : 0;
            hasFrame = true;
            frame = index;
        }
    }
}
