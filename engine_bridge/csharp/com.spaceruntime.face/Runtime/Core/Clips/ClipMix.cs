using System;

namespace SpaceRuntime
{
    /// <summary>The weighted sum of several clips' faces, in ARKit's order. It allocates nothing.</summary>
    public sealed class ClipMix
    {
        private readonly FacePose one = new FacePose();

        /// <summary>The sum, scaled by the weights.</summary>
        public FacePose Pose { get; } = new FacePose();

        /// <summary>The sum of the weights, at most 1: below it the face goes to what is under the timeline.</summary>
        public float Share { get; private set; }

        /// <summary>Begins an instant: nothing is in it.</summary>
        public void Begin()
        {
            Pose.Clear();
            Share = 0;
        }

        /// <summary>Adds a clip at a time of its own.</summary>
        public void Add(FaceClip clip, double seconds, float weight)
        {
            clip.Sample(seconds, one);
            for (int i = 0; i < clip.Places.Length; i++)
                if (clip.Places[i] >= 0) Pose.Blendshapes[i] += one.Blendshapes[clip.Places[i]] * weight;
            AddTo(Pose.HeadRotationRad, one.HeadRotationRad, weight);
            AddTo(Pose.HeadTranslation, one.HeadTranslation, weight);
            AddTo(Pose.EyeRotationRad, one.EyeRotationRad, weight);
            Share += weight;
        }

        /// <summary>Ends the instant: weights that are more than 1 together are brought down to it.</summary>
        public void End()
        {
            if (Share <= 1) return;
            Scale(Pose.Blendshapes, 1 / Share);
            Scale(Pose.HeadRotationRad, 1 / Share);
            Scale(Pose.HeadTranslation, 1 / Share);
            Scale(Pose.EyeRotationRad, 1 / Share);
            Share = 1;
        }

        private static void AddTo(float[] sum, float[] values, float weight)
        {
            for (int i = 0; i < sum.Length; i++) sum[i] += values[i] * weight;
        }

        private static void Scale(float[] values, float by)
        {
            for (int i = 0; i < values.Length; i++) values[i] *= by;
        }
    }
}
