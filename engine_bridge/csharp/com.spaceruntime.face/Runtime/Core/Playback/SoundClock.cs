using System;

namespace SpaceRuntime
{
    /// <summary>
    /// The playback position of a sound whose player tells it in steps, as engines do that mix a buffer of sound at a time:
    /// between the steps it moves with the caller's clock, at a step it is corrected by a part of the error. No jump, no
    /// garbage; a position that is told to be elsewhere (a seek, a loop) is followed at once.
    /// </summary>
    public sealed class SoundClock
    {
        /// <summary>An error above this is a seek, in seconds.</summary>
        public const double SeekSeconds = 0.15;

        private const double Share = 0.15;
        private const double StepSeconds = 1024 / 48000.0; // the usual buffer of engines

        private double told, ahead;
        private bool moved;

        /// <summary>The position in seconds.</summary>
        public double Seconds { get; private set; }

        /// <summary>A sound begins at a position; it stands there until its player moves.</summary>
        public void Begin(double seconds)
        {
            Seconds = told = seconds;
            ahead = 0;
            moved = false;
        }

        /// <summary>
        /// Takes what the player tells, in seconds, <paramref name="elapsed"/> seconds of the sound after the last call (the
        /// caller's time between, times the pitch), and returns the position.
        /// </summary>
        public double Advance(double position, double elapsed)
        {
            bool stepped = position != told;
            if (!stepped && !moved) return Seconds;
            ahead = stepped ? 0 : ahead + elapsed;
            told = position;
            double next = Seconds + elapsed;
            double since = Math.Min(elapsed, StepSeconds) / 2; // the step was so long ago, on the average
            if (stepped) next = moved ? next + (position + since - next) * Share : position + since;
            if (Math.Abs(next - position) > SeekSeconds) next = position;
            if (ahead > SeekSeconds) next = Seconds; // the player stands still
            Seconds = next;
            moved = true;
            return Seconds;
        }
    }
}
