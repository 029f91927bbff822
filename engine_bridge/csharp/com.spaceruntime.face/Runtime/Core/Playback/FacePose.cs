using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>The reason why a pose is as it is.</summary>
    public enum FaceState
    {
        /// <summary>There is nothing to show yet.</summary>
        Waiting,

        /// <summary>There are frames on both sides of the position, or one exactly at it.</summary>
        Playing,

        /// <summary>The position is a little past the newest frame, which is still shown.</summary>
        Holding,

        /// <summary>On the way to rest.</summary>
        Releasing,

        /// <summary>At rest.</summary>
        Resting,
    }

    /// <summary>
    /// A face at one instant. The caller makes one and has it filled again and again; its arrays stay the same objects, but for
    /// keypoints.
    /// </summary>
    public sealed class FacePose
    {
        /// <summary>52 weights, 0 … 1, in the order of <see cref="ServerInfo.Blendshapes"/>.</summary>
        public readonly float[] Blendshapes = new float[WireLimits.Weights];

        /// <summary>Yaw, pitch, roll of the head in radians, relative to rest.</summary>
        public readonly float[] HeadRotationRad = new float[3];

        /// <summary>Position x, y, z of the head in outer-eye-corner distances, relative to rest.</summary>
        public readonly float[] HeadTranslation = new float[3];

        /// <summary>Yaw, pitch of the character's left eye, then of the right one, in radians.</summary>
        public readonly float[] EyeRotationRad = new float[WireLimits.Eyes];

        /// <summary>78 times x, y, z, normalised; zero until <see cref="HasLandmarks"/>.</summary>
        public readonly float[] Landmarks = new float[WireLimits.Landmarks];

        /// <summary>True once landmarks have come.</summary>
        public bool HasLandmarks { get; internal set; }

        /// <summary>
        /// The generator's keypoints, n times x, y, z; empty until some have come. The array stays the same object as long as
        /// their number does.
        /// </summary>
        public float[] Keypoints { get; private set; } = Array.Empty<float>();

        /// <summary>The share of speech in it, 0 … 1.</summary>
        public float Speech { get; internal set; }

        /// <summary>The reason why the pose is as it is.</summary>
        public FaceState State { get; internal set; }

        /// <summary>Takes everything over from another pose.</summary>
        public void CopyFrom(FacePose other)
        {
            Array.Copy(other.Blendshapes, Blendshapes, Blendshapes.Length);
            Array.Copy(other.HeadRotationRad, HeadRotationRad, HeadRotationRad.Length);
            Array.Copy(other.HeadTranslation, HeadTranslation, HeadTranslation.Length);
            Array.Copy(other.EyeRotationRad, EyeRotationRad, EyeRotationRad.Length);
            Array.Copy(other.Landmarks, Landmarks, Landmarks.Length);
            HasLandmarks = other.HasLandmarks;
            SetKeypoints(other.Keypoints, other.Keypoints.Length);
            Speech = other.Speech;
            State = other.State;
        }

        /// <summary>Goes to rest at once; landmarks and keypoints stay.</summary>
        public void Clear() => Rest(this, FaceState.Waiting);

        /// <summary>Copies the first so many numbers; allocates only where their count changes.</summary>
        internal void SetKeypoints(float[] from, int count)
        {
            if (Keypoints.Length != count) Keypoints = count == 0 ? Array.Empty<float>() : new float[count];
            Array.Copy(from, Keypoints, count);
        }

        /// <summary>Goes to rest; landmarks and keypoints have none and become those of <paramref name="last"/>.</summary>
        internal void Rest(FacePose last, FaceState state)
        {
            Array.Clear(Blendshapes, 0, Blendshapes.Length);
            Array.Clear(HeadRotationRad, 0, HeadRotationRad.Length);
            Array.Clear(HeadTranslation, 0, HeadTranslation.Length);
            Array.Clear(EyeRotationRad, 0, EyeRotationRad.Length);
            Array.Copy(last.Landmarks, Landmarks, Landmarks.Length);
            HasLandmarks = last.HasLandmarks;
            SetKeypoints(last.Keypoints, last.Keypoints.Length);
            Speech = 0;
            State = state;
        }

        /// <summary>Goes back towards <paramref name="from"/>: x = 0 is that pose, x = 1 this one. The state stays.</summary>
        internal void BlendFrom(FacePose from, double x)
        {
            Mix(from.Blendshapes, Blendshapes, (float)x);
            Mix(from.HeadRotationRad, HeadRotationRad, (float)x);
            Mix(from.HeadTranslation, HeadTranslation, (float)x);
            Mix(from.EyeRotationRad, EyeRotationRad, (float)x);
            if (from.HasLandmarks && HasLandmarks) Mix(from.Landmarks, Landmarks, (float)x);
            if (from.Keypoints.Length == Keypoints.Length) Mix(from.Keypoints, Keypoints, (float)x);
            Speech = (float)(from.Speech + (Speech - from.Speech) * x);
        }

        private static void Mix(float[] from, float[] to, float x)
        {
            for (int i = 0; i < to.Length; i++) to[i] = from[i] + (to[i] - from[i]) * x;
        }
    }
}
