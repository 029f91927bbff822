using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>Why a pose is what it is.</summary>
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
    /// A face at one instant. The caller makes one and has it filled again and again; its arrays stay the same objects.
    /// </summary>
    public sealed class FacePose
    {
        /// <summary>52 weights, 0 … 1, in the order of <see cref="ServerInfo.Weights"/>.</summary>
        public readonly float[] Weights = new float[WireLimits.Weights];

        /// <summary>Yaw, pitch, roll in radians, then x, y, z in outer-eye-corner distances, relative to rest.</summary>
        public readonly float[] Head = new float[WireLimits.Head];

        /// <summary>Yaw, pitch of the character's left eye, then of the right one, in radians.</summary>
        public readonly float[] Eyes = new float[WireLimits.Eyes];

        /// <summary>78 times x, y, z, normalised; zero until <see cref="HasLandmarks"/>.</summary>
        public readonly float[] Landmarks = new float[WireLimits.Landmarks];

        /// <summary>Whether landmarks have come.</summary>
        public bool HasLandmarks { get; internal set; }

        /// <summary>How much of it is speech, 0 … 1.</summary>
        public float Speech { get; internal set; }

        /// <summary>Why the pose is what it is.</summary>
        public FaceState State { get; internal set; }

        /// <summary>Takes everything over from another pose.</summary>
        public void CopyFrom(FacePose other)
        {
            Array.Copy(other.Weights, Weights, Weights.Length);
            Array.Copy(other.Head, Head, Head.Length);
            Array.Copy(other.Eyes, Eyes, Eyes.Length);
            Array.Copy(other.Landmarks, Landmarks, Landmarks.Length);
            HasLandmarks = other.HasLandmarks;
            Speech = other.Speech;
            State = other.State;
        }

        /// <summary>Goes to rest; landmarks have none and become those of <paramref name="last"/>.</summary>
        internal void Rest(FacePose last, FaceState state)
        {
            Array.Clear(Weights, 0, Weights.Length);
            Array.Clear(Head, 0, Head.Length);
            Array.Clear(Eyes, 0, Eyes.Length);
            Array.Copy(last.Landmarks, Landmarks, Landmarks.Length);
            HasLandmarks = last.HasLandmarks;
            Speech = 0;
            State = state;
        }

        /// <summary>Goes back towards <paramref name="from"/>: x = 0 is that pose, x = 1 this one. The state stays.</summary>
        internal void BlendFrom(FacePose from, double x)
        {
            Mix(from.Weights, Weights, (float)x);
            Mix(from.Head, Head, (float)x);
            Mix(from.Eyes, Eyes, (float)x);
            if (from.HasLandmarks && HasLandmarks) Mix(from.Landmarks, Landmarks, (float)x);
            Speech = (float)(from.Speech + (Speech - from.Speech) * x);
        }

        private static void Mix(float[] from, float[] to, float x)
        {
            for (int i = 0; i < to.Length; i++) to[i] = from[i] + (to[i] - from[i]) * x;
        }
    }
}
