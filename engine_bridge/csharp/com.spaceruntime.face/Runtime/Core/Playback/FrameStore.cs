using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>
    /// Room for a number of frames in numbered slots. Memory is taken in pages when a slot is first used, landmarks and
    /// keypoints apart, and kept: no garbage afterwards.
    /// </summary>
    internal sealed class FrameStore
    {
        private const int PageFrames = 128;
        private const int FaceNumbers = WireLimits.Weights + WireLimits.Head + WireLimits.Eyes;

        private readonly float[][] faces;
        private readonly float[][] landmarks;
        private readonly bool[] hasLandmarks;
        private readonly float[][] keypoints;
        private readonly int[] keypointNumbers;
        private readonly uint[] indices;
        private readonly double[] samples;
        private readonly float[] speech;
        private readonly int[] free;
        private int freeCount;

        public FrameStore(int capacity)
        {
            faces = new float[(capacity + PageFrames - 1) / PageFrames][];
            landmarks = new float[faces.Length][];
            hasLandmarks = new bool[capacity];
            keypoints = new float[capacity][];
            keypointNumbers = new int[capacity];
            indices = new uint[capacity];
            samples = new double[capacity];
            speech = new float[capacity];
            free = new int[capacity];
            for (int i = 0; i < capacity; i++) free[i] = capacity - 1 - i;
            freeCount = capacity;
        }

        /// <summary>Returns a free slot; there must be one.</summary>
        public int Take() => free[--freeCount];

        /// <summary>Frees a slot.</summary>
        public void Free(int slot) => free[freeCount++] = slot;

        /// <summary>The frame's number.</summary>
        public uint Index(int slot) => indices[slot];

        /// <summary>The frame's media time in samples.</summary>
        public double Sample(int slot) => samples[slot];

        /// <summary>Copies a frame into a slot; what it does not have is at rest.</summary>
        public void Write(int slot, FrameMessage frame)
        {
            indices[slot] = frame.Index;
            samples[slot] = frame.Sample;
            speech[slot] = frame.Speech;
            float[] page = Page(faces, slot, FaceNumbers);
            int at = slot % PageFrames * FaceNumbers;
            Copy(frame.Weights, page, ref at, WireLimits.Weights);
            Copy(frame.Head, page, ref at, WireLimits.Head);
            Copy(frame.Eyes, page, ref at, WireLimits.Eyes);
            WriteKeypoints(slot, frame.Keypoints);
            hasLandmarks[slot] = frame.Landmarks != null;
            if (frame.Landmarks == null) return;
            at = slot % PageFrames * WireLimits.Landmarks;
            Copy(frame.Landmarks, Page(landmarks, slot, WireLimits.Landmarks), ref at, WireLimits.Landmarks);
        }

        /// <summary>Copies a slot into a pose.</summary>
        public void Read(int slot, FacePose pose)
        {
            float[] page = faces[slot / PageFrames];
            int at = slot % PageFrames * FaceNumbers;
            Array.Copy(page, at, pose.Blendshapes, 0, WireLimits.Weights);
            at += WireLimits.Weights;
            Array.Copy(page, at, pose.HeadRotationRad, 0, 3);
            Array.Copy(page, at + 3, pose.HeadTranslation, 0, 3);
            Array.Copy(page, at + WireLimits.Head, pose.EyeRotationRad, 0, WireLimits.Eyes);
            pose.Speech = speech[slot];
            pose.SetKeypoints(keypoints[slot] ?? Array.Empty<float>(), keypointNumbers[slot]);
            pose.HasLandmarks = hasLandmarks[slot];
            if (!hasLandmarks[slot]) return;
            at = slot % PageFrames * WireLimits.Landmarks;
            Array.Copy(landmarks[slot / PageFrames], at, pose.Landmarks, 0, WireLimits.Landmarks);
        }

        /// <summary>Their number is not known before the first; a slot's array is kept for the next frame.</summary>
        private void WriteKeypoints(int slot, float[] values)
        {
            int count = values?.Length ?? 0;
            keypointNumbers[slot] = count;
            if (count == 0) return;
            if (keypoints[slot] == null || keypoints[slot].Length < count) keypoints[slot] = new float[count];
            Array.Copy(values, keypoints[slot], count);
        }

        private static float[] Page(float[][] pages, int slot, int numbers) =>
            pages[slot / PageFrames] ?? (pages[slot / PageFrames] = new float[PageFrames * numbers]);

        private static void Copy(float[] from, float[] to, ref int at, int count)
        {
            if (from == null) Array.Clear(to, at, count);
            else Array.Copy(from, 0, to, at, count);
            at += count;
        }
    }
}
