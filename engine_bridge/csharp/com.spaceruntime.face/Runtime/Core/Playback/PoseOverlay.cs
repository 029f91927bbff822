using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// A face that is laid over another one, as a cutscene's over a character that lives on below. Its weights are in ARKit's
    /// order, and scaled by its share already: what is seen is <c>below · (1 − share) + pose</c>.
    /// </summary>
    public sealed class PoseOverlay
    {
        private readonly float[] blendshapes = new float[WireLimits.Weights];
        private readonly float[] head = new float[3], eyes = new float[WireLimits.Eyes];
        private float share, left;
        private bool releasing;

        /// <summary>True while any of it is seen.</summary>
        public bool IsShown => left > 0;

        /// <summary>Shows a pose from now on; share 0 … 1: the part of the face below that it covers.</summary>
        public void Show(FacePose pose, float covered)
        {
            Array.Copy(pose.Blendshapes, blendshapes, blendshapes.Length);
            Array.Copy(pose.HeadRotationRad, head, head.Length);
            Array.Copy(pose.EyeRotationRad, eyes, eyes.Length);
            share = covered;
            left = 1;
            releasing = false;
        }

        /// <summary>Goes away within <see cref="JitterBuffer.ReleaseSeconds"/>.</summary>
        public void Release() => releasing = true;

        /// <summary>Goes away at once.</summary>
        public void Clear() => left = 0;

        /// <summary>Time goes on, in seconds.</summary>
        public void Advance(float dt)
        {
            if (releasing) left = Math.Max(0, left - dt / (float)JitterBuffer.ReleaseSeconds);
        }

        /// <summary>Lays the pose over 52 weights in ARKit's order.</summary>
        public void OverBlendshapes(float[] below) => Over(below, blendshapes);

        /// <summary>Lays the pose over yaw, pitch, roll of the head.</summary>
        public void OverHead(float[] below) => Over(below, head);

        /// <summary>Lays the pose over yaw, pitch of both eyes.</summary>
        public void OverEyes(float[] below) => Over(below, eyes);

        private void Over(float[] below, float[] own)
        {
            for (int i = 0; i < own.Length; i++) below[i] = below[i] * (1 - share * left) + own[i] * left;
        }
    }
}
