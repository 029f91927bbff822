using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// Weights of the 52 ARKit shapes to values 0 … 1 of a rig's shapes, by rows. It keeps what smoothing needs, and allocates
    /// nothing after it was made.
    /// </summary>
    public sealed class RigMixer
    {
        private readonly RigRow[] rows;
        private readonly int[] sources, places;
        private readonly float[] followed;
        private bool begun;

        /// <summary>Takes the rows over; those whose source is no ARKit shape are left out and named.</summary>
        public RigMixer(IReadOnlyList<RigRow> given)
        {
            var good = new List<RigRow>();
            var unknown = new List<string>();
            var targets = new List<string>();
            foreach (RigRow row in given)
            {
                if (ArkitShapes.IndexOf(row.Source) < 0) unknown.Add(row.Source);
                else good.Add(row);
            }
            rows = good.ToArray();
            sources = Array.ConvertAll(rows, row => ArkitShapes.IndexOf(row.Source));
            places = new int[rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                if (!targets.Contains(rows[i].Target)) targets.Add(rows[i].Target);
                places[i] = targets.IndexOf(rows[i].Target);
            }
            followed = new float[rows.Length];
            Targets = targets.ToArray();
            UnknownSources = unknown.ToArray();
            Values = new float[Targets.Length];
        }

        /// <summary>The rig's shapes that are driven, each once. Must not be written to.</summary>
        public string[] Targets { get; }

        /// <summary>Sources of rows that are no ARKit shape.</summary>
        public string[] UnknownSources { get; }

        /// <summary>The value of each target after the last <see cref="Mix"/>.</summary>
        public float[] Values { get; }

        /// <summary>Returns the ARKit shapes that drive a target.</summary>
        public IEnumerable<string> SourcesOf(int target)
        {
            for (int i = 0; i < rows.Length; i++)
                if (places[i] == target) yield return rows[i].Source;
        }

        /// <summary>Works the values out, <paramref name="dt"/> seconds after the last call.</summary>
        public void Mix(float[] weights, float dt)
        {
            Array.Clear(Values, 0, Values.Length);
            for (int i = 0; i < rows.Length; i++)
            {
                float wanted = rows[i].ValueOf(weights[sources[i]]);
                followed[i] = begun ? Followed(followed[i], wanted, rows[i].SmoothingMs, dt) : wanted;
                Values[places[i]] += followed[i];
            }
            for (int i = 0; i < Values.Length; i++) Values[i] = Math.Max(0, Math.Min(1, Values[i]));
            begun = true;
        }

        /// <summary>The next mix begins anew, without a past to follow from.</summary>
        public void Reset() => begun = false;

        private static float Followed(float before, float wanted, float ms, float dt)
        {
            if (!(ms > 0)) return wanted;
            return before + (wanted - before) * (1 - (float)Math.Exp(-Math.Max(0, dt) * 1000 / ms));
        }
    }
}
