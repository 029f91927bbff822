using System;

namespace SpaceRuntime
{
    /// <summary>A rig's shape and the ARKit shape that drives it: <c>limits(gain · weight + offset)</c>, smoothed.</summary>
    [Serializable]
    public sealed class RigRow
    {
        /// <summary>The ARKit shape that drives.</summary>
        public string Source = "";

        /// <summary>The rig's shape that is driven. Rows of one target are added up.</summary>
        public string Target = "";

        /// <summary>Factor of the weight.</summary>
        public float Gain = 1;

        /// <summary>Value that is added, also at rest.</summary>
        public float Offset;

        /// <summary>Least value.</summary>
        public float Min;

        /// <summary>Greatest value.</summary>
        public float Max = 1;

        /// <summary>Time constant in milliseconds in which a change is followed; 0: at once.</summary>
        public float SmoothingMs;

        /// <summary>Makes an empty row.</summary>
        public RigRow()
        {
        }

        /// <summary>Makes a row without limits of its own.</summary>
        public RigRow(string source, string target, float gain = 1)
        {
            Source = source;
            Target = target;
            Gain = gain;
        }

        /// <summary>Returns the value for a weight, before smoothing.</summary>
        public float ValueOf(float weight) => Math.Max(Min, Math.Min(Max, Gain * weight + Offset));
    }
}
