using System;
using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>A baked clip as an AnimationClip: one curve for each blend shape that it drives, linear between keys.</summary>
    public static class ClipCurves
    {
        /// <summary>
        /// Returns the animation. rows: of a rig map, none: those of the preset that fits the names best. tolerance: the weight
        /// 0 … 1 by which a curve may be off where keys are left out.
        /// </summary>
        public static AnimationClip Make(
            FaceClip clip, IReadOnlyList<ClipTarget> targets, IReadOnlyList<RigRow> rows, float tolerance)
        {
            var mixer = new RigMixer(rows.Count > 0 ? rows : RigMap.RowsOf(RigPreset.Automatic, NamesOf(targets)));
            float[][] values = ValuesOf(clip, mixer);
            var bindings = new List<EditorCurveBinding>();
            var curves = new List<AnimationCurve>();
            foreach (ClipTarget target in targets)
            {
                int[] shapes = ShapeMatching.Match(mixer.Targets, target.Names);
                for (int i = 0; i < shapes.Length; i++)
                {
                    if (shapes[i] < 0) continue;
                    string property = "blendShape." + target.Names[shapes[i]];
                    bindings.Add(EditorCurveBinding.FloatCurve(target.Path, typeof(SkinnedMeshRenderer), property));
                    curves.Add(Curve(values[i], clip.FramesPerSecond, target.FullWeight, tolerance));
                }
            }
            var made = new AnimationClip { frameRate = (float)clip.FramesPerSecond };
            AnimationUtility.SetEditorCurves(made, bindings.ToArray(), curves.ToArray());
            return made;
        }

        /// <summary>The value of each of the rig's shapes at each frame.</summary>
        private static float[][] ValuesOf(FaceClip clip, RigMixer mixer)
        {
            float[][] values = Array.ConvertAll(mixer.Targets, _ => new float[clip.FrameCount]);
            var mix = new ClipMix();
            for (int frame = 0; frame < clip.FrameCount; frame++)
            {
                mix.Begin();
                mix.Add(clip, frame / clip.FramesPerSecond, 1);
                mixer.Mix(mix.Pose.Blendshapes, (float)(1 / clip.FramesPerSecond));
                for (int i = 0; i < values.Length; i++) values[i][frame] = mixer.Values[i];
            }
            return values;
        }

        private static AnimationCurve Curve(float[] values, double framesPerSecond, float full, float tolerance)
        {
            int[] frames = CurveKeys.Frames(values, tolerance);
            var keys = new Keyframe[frames.Length];
            for (int i = 0; i < keys.Length; i++)
            {
                float before = Slope(values, frames, Math.Max(i, 1), framesPerSecond) * full;
                float after = Slope(values, frames, Math.Min(i + 1, keys.Length - 1), framesPerSecond) * full;
                keys[i] = new Keyframe((float)(frames[i] / framesPerSecond), values[frames[i]] * full, before, after);
            }
            return new AnimationCurve(keys);
        }

        /// <summary>The slope of the line that ends at a key; 0 where there is none.</summary>
        private static float Slope(float[] values, int[] frames, int key, double framesPerSecond)
        {
            if (key < 1 || key >= frames.Length) return 0;
            double rise = values[frames[key]] - values[frames[key - 1]];
            return (float)(rise * framesPerSecond / (frames[key] - frames[key - 1]));
        }

        private static string[] NamesOf(IReadOnlyList<ClipTarget> targets)
        {
            var names = new List<string>();
            foreach (ClipTarget target in targets) names.AddRange(target.Names);
            return names.ToArray();
        }
    }
}
