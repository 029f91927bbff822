using System.Diagnostics;

namespace SpaceRuntime.Transport
{
    /// <summary>Time that never jumps and never wraps.</summary>
    internal static class Clock
    {
        /// <summary>Milliseconds since some moment in the past.</summary>
        public static long Ms => (long)(Stopwatch.GetTimestamp() * (1000.0 / Stopwatch.Frequency));
    }
}
