using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// One row of motion that drives a face: an instant of a person in front of a camera, or of a take. Arrays that are null
    /// count as zeros.
    /// </summary>
    public readonly struct MotionRow
    {
        /// <summary>Media time, in samples of the stream.</summary>
        public readonly double Sample;

        /// <summary>0 … 1; below 0.5 nobody is seen, and speech takes over.</summary>
        public readonly float Confidence;

        /// <summary>52 offsets from the driver's rest, −1 … 1, in the order of a pose's.</summary>
        public readonly float[] Blendshapes;

        /// <summary>Yaw, pitch, roll, then x, y, z of the head, relative to the driver's rest.</summary>
        public readonly float[] Head;

        /// <summary>Yaw, pitch in the head of the left eye, then of the right.</summary>
        public readonly float[] Eyes;

        /// <summary>Makes a row; arrays are not copied before it is given to a session.</summary>
        public MotionRow(double sample, float[] blendshapes, float[] head = null, float[] eyes = null, float confidence = 1)
        {
            Sample = sample;
            Confidence = confidence;
            Blendshapes = blendshapes;
            Head = head;
            Eyes = eyes;
        }

        /// <summary>Raises <see cref="ArgumentException"/> for numbers that no server takes.</summary>
        internal void Check(double after)
        {
            if (!(Sample > after && Sample <= MotionMessage.LastSample))
                throw new ArgumentException($"a row is at sample {Sample}; expected more than {after}, at most 2^53");
            if (!(Confidence >= 0 && Confidence <= 1))
                throw new ArgumentException($"the confidence of a row is {Confidence}; expected 0 … 1");
            Check(Blendshapes, 0, MotionMessage.Weights, 1, nameof(Blendshapes));
            Check(Head, 0, 3, 3.2f, nameof(Head));
            Check(Head, 3, 3, 1000, nameof(Head));
            Check(Eyes, 0, 4, 1.6f, nameof(Eyes));
        }

        private static void Check(float[] values, int first, int count, float most, string name)
        {
            if (values == null) return;
            if (values.Length < first + count)
                throw new ArgumentException($"{name} of a row has {values.Length} values; expected {first + count}");
            for (int i = first; i < first + count; i++)
                if (!(Math.Abs(values[i]) <= most))
                    throw new ArgumentException($"{name} of a row has {values[i]}; expected −{most} … {most}");
        }
    }
}
