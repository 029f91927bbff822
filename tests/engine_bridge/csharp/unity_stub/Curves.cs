using System;
using System.Collections.Generic;
using UnityEngine;

namespace UnityEngine
{
    public struct Keyframe
    {
        public Keyframe(float time, float value) : this(time, value, 0, 0)
        {
        }

        public Keyframe(float time, float value, float inTangent, float outTangent)
        {
            this.time = time;
            this.value = value;
            this.inTangent = inTangent;
            this.outTangent = outTangent;
        }

        public float time { get; set; }

        public float value { get; set; }

        public float inTangent { get; set; }

        public float outTangent { get; set; }
    }

    /// <summary>Cubic between keys, as Unity's; the ends hold.</summary>
    public class AnimationCurve
    {
        private readonly Keyframe[] all;

        public AnimationCurve(params Keyframe[] keys) => all = keys;

        public Keyframe[] keys => (Keyframe[])all.Clone();

        public int length => all.Length;

        public static AnimationCurve Constant(float timeStart, float timeEnd, float value) =>
            new AnimationCurve(new Keyframe(timeStart, value), new Keyframe(timeEnd, value));

        public float Evaluate(float time)
        {
            if (all.Length == 0) return 0;
            if (time <= all[0].time) return all[0].value;
            for (int i = 1; i < all.Length; i++)
                if (time <= all[i].time) return Between(all[i - 1], all[i], time);
            return all[all.Length - 1].value;
        }

        private static float Between(Keyframe a, Keyframe b, double time)
        {
            double run = b.time - a.time, x = (time - a.time) / run, x2 = x * x, x3 = x2 * x;
            return (float)((2 * x3 - 3 * x2 + 1) * a.value + (x3 - 2 * x2 + x) * run * a.outTangent
                + (3 * x2 - 2 * x3) * b.value + (x3 - x2) * run * b.inTangent);
        }
    }

    public class Motion : Object
    {
    }

    public sealed class AnimationClip : Motion
    {
        internal readonly Dictionary<UnityEditor.EditorCurveBinding, AnimationCurve> Curves =
            new Dictionary<UnityEditor.EditorCurveBinding, AnimationCurve>();

        public float frameRate { get; set; } = 60;

        public float length
        {
            get
            {
                float last = 0;
                foreach (AnimationCurve curve in Curves.Values)
                    if (curve.length > 0) last = Math.Max(last, curve.keys[curve.length - 1].time);
                return last;
            }
        }

        public void SetCurve(string relativePath, Type type, string propertyName, AnimationCurve curve)
        {
            if (Loop.IsPlaying) throw new InvalidOperationException("SetCurve at runtime on a clip that is not legacy");
            Curves[UnityEditor.EditorCurveBinding.FloatCurve(relativePath, type, propertyName)] = curve;
        }
    }
}

namespace UnityEditor
{
    public struct EditorCurveBinding
    {
        public string path;
        public string propertyName;

        public Type type { get; set; }

        public static EditorCurveBinding FloatCurve(string inPath, Type inType, string inPropertyName) =>
            new EditorCurveBinding { path = inPath, type = inType, propertyName = inPropertyName };
    }

    public class AnimationUtility
    {
        public static void SetEditorCurves(AnimationClip clip, EditorCurveBinding[] bindings, AnimationCurve[] curves)
        {
            if (bindings.Length != curves.Length) throw new ArgumentException("as many bindings as curves");
            for (int i = 0; i < bindings.Length; i++) clip.Curves[bindings[i]] = curves[i];
        }

        public static AnimationCurve GetEditorCurve(AnimationClip clip, EditorCurveBinding binding) =>
            clip.Curves.TryGetValue(binding, out AnimationCurve found) ? found : null;

        public static EditorCurveBinding[] GetCurveBindings(AnimationClip clip)
        {
            var all = new EditorCurveBinding[clip.Curves.Count];
            clip.Curves.Keys.CopyTo(all, 0);
            return all;
        }

        public static string CalculateTransformPath(Transform targetTransform, Transform root)
        {
            if (targetTransform == root || !targetTransform) return "";
            string above = CalculateTransformPath(targetTransform.parent, root);
            return above == "" ? targetTransform.name : $"{above}/{targetTransform.name}";
        }
    }
}
