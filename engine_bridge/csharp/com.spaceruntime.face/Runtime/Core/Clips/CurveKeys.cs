using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>Fewer keys for the same motion: a frame is left out where the line between keys comes close enough.</summary>
    public static class CurveKeys
    {
        /// <summary>
        /// Returns the frames of a curve that become keys, rising. Law: at every frame the line between keys differs by
        /// <paramref name="tolerance"/> at most. A curve that does not move has one key.
        /// </summary>
        public static int[] Frames(float[] values, float tolerance)
        {
            var keys = new List<int> { 0 };
            for (int last = 0; last < values.Length - 1; keys.Add(last)) last = Farthest(values, last, tolerance);
            bool rests = keys.Count == 2 && values[0] == values[values.Length - 1];
            return rests ? new[] { 0 } : keys.ToArray();
        }

        /// <summary>The farthest frame that one line from a key reaches; its slope must pass between all on its way.</summary>
        private static int Farthest(float[] values, int from, float tolerance)
        {
            double low = double.NegativeInfinity, high = double.PositiveInfinity;
            int reached = from + 1;
            for (int i = from + 1; i < values.Length; i++)
            {
                double run = i - from, rise = values[i] - values[from];
                if (low <= rise / run && rise / run <= high) reached = i;
                low = Math.Max(low, (rise - tolerance) / run);
                high = Math.Min(high, (rise + tolerance) / run);
                if (low > high) break;
            }
            return reached;
        }
    }
}
