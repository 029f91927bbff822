using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// A baked clip: the face of a line, frame by frame. It is read once and then asked for poses; asking allocates nothing.
    /// </summary>
    public sealed class FaceClip
    {
        internal float[] Weights, HeadRotation, HeadTranslation, Eyes;

        internal FaceClip(string[] blendshapes, double framesPerSecond, int frameCount)
        {
            if (blendshapes.Length > WireLimits.Weights)
                throw new ClipException($"the clip has {blendshapes.Length} blend shapes; expected {WireLimits.Weights} at most");
            if (frameCount < 1) throw new ClipException("the clip has no frame");
            Blendshapes = blendshapes;
            FramesPerSecond = framesPerSecond;
            FrameCount = frameCount;
            Places = Array.ConvertAll(ArkitShapes.Names, name => Array.IndexOf(blendshapes, name));
        }

        /// <summary>The index of each ARKit shape among the weights, −1 if it is not there.</summary>
        internal int[] Places { get; }

        /// <summary>Names of the weights, in the order in which poses have them. Must not be written to.</summary>
        public string[] Blendshapes { get; }

        /// <summary>Frames a second.</summary>
        public double FramesPerSecond { get; }

        /// <summary>The number of frames.</summary>
        public int FrameCount { get; }

        /// <summary>Media time of the last frame in seconds.</summary>
        public double Seconds => (FrameCount - 1) / FramesPerSecond;

        /// <summary>Reads a <c>.json</c> or a <c>.spaceclip</c>. Raises <see cref="ClipException"/> for other bytes.</summary>
        public static FaceClip Read(byte[] file)
        {
            if (file == null || file.Length == 0) throw new ClipException("the clip's file is empty");
            return BinaryClip.Begins(file) ? BinaryClip.Read(file) : JsonClip.Read(file);
        }

        /// <summary>
        /// Fills <paramref name="pose"/> with the face at a media time, between two frames with their mixture;
        /// <paramref name="strength"/> 0 … 1 scales it towards rest. The face is at rest before 0, and goes there within
        /// <see cref="JitterBuffer.ReleaseSeconds"/> after the last frame, for clips that do not end at rest by themselves.
        /// </summary>
        public void Sample(double seconds, FacePose pose, float strength = 1)
        {
            double past = seconds - Seconds;
            pose.State = seconds >= 0 ? FaceState.Playing : FaceState.Waiting;
            if (past > 0) pose.State = past < JitterBuffer.ReleaseSeconds ? FaceState.Releasing : FaceState.Resting;
            double share = past > 0 ? 1 - Math.Min(past / JitterBuffer.ReleaseSeconds, 1) : seconds >= 0 ? 1 : 0;
            pose.Speech = seconds >= 0 && past <= 0 ? strength : 0;
            double frame = Math.Max(0, Math.Min(FrameCount - 1, seconds * FramesPerSecond));
            float scale = (float)share * strength;
            Fill(Weights, frame, pose.Blendshapes, Blendshapes.Length, scale);
            Fill(HeadRotation, frame, pose.HeadRotationRad, 3, scale);
            Fill(HeadTranslation, frame, pose.HeadTranslation, 3, scale);
            Fill(Eyes, frame, pose.EyeRotationRad, WireLimits.Eyes, scale);
        }

        private static void Fill(float[] column, double frame, float[] into, int width, float scale)
        {
            Array.Clear(into, 0, into.Length);
            if (column == null) return;
            int first = (int)frame * width;
            int second = first + width < column.Length ? first + width : first;
            float x = (float)(frame - Math.Floor(frame));
            for (int i = 0; i < width; i++)
                into[i] = (column[first + i] + (column[second + i] - column[first + i]) * x) * scale;
        }
    }
}
