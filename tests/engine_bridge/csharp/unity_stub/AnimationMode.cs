using System;
using System.Collections.Generic;
using UnityEngine;

namespace UnityEditor
{
    public class AnimationModeDriver : ScriptableObject
    {
    }

    /// <summary>Remembers properties and puts them back at its end.</summary>
    public class AnimationMode
    {
        private static readonly Dictionary<(SkinnedMeshRenderer, int), float> Shapes =
            new Dictionary<(SkinnedMeshRenderer, int), float>();

        private static readonly Dictionary<Transform, Quaternion> Bones = new Dictionary<Transform, Quaternion>();
        private static AnimationModeDriver running;

        public static void StartAnimationMode(AnimationModeDriver driver)
        {
            if (running) throw new InvalidOperationException("animation mode runs already");
            running = driver;
        }

        public static bool InAnimationMode() => running;

        public static bool InAnimationMode(AnimationModeDriver driver) => running && running == driver;

        public static void StopAnimationMode(AnimationModeDriver driver)
        {
            if (running != driver) return;
            foreach (KeyValuePair<(SkinnedMeshRenderer on, int shape), float> each in Shapes)
                if (each.Key.on) each.Key.on.Weights[each.Key.shape] = each.Value;
            foreach (KeyValuePair<Transform, Quaternion> each in Bones)
                if (each.Key) each.Key.localRotation = each.Value;
            running = null;
            Shapes.Clear();
            Bones.Clear();
        }

        public static void AddEditorCurveBinding(GameObject gameObject, EditorCurveBinding binding)
        {
            if (!running || binding.path != "") throw new InvalidOperationException("no animation mode, or a path");
            if (binding.type == typeof(Transform)) AddBone(gameObject.transform, binding.propertyName);
            else AddShape(gameObject.GetComponent<SkinnedMeshRenderer>(), binding.propertyName);
        }

        internal static void AddBone(Transform bone, string property)
        {
            if (!property.StartsWith("m_LocalRotation")) throw new ArgumentException(property);
            if (!Bones.ContainsKey(bone)) Bones.Add(bone, bone.localRotation);
        }

        private static void AddShape(SkinnedMeshRenderer on, string property)
        {
            int shape = on.sharedMesh.Shapes.IndexOf(property.Substring("blendShape.".Length));
            if (shape < 0) throw new ArgumentException(property);
            if (!Shapes.ContainsKey((on, shape))) Shapes.Add((on, shape), on.Weights[shape]);
        }

        /// <summary>True where a write in edit mode is put back.</summary>
        internal static bool Covers(SkinnedMeshRenderer on, int shape) => running && Shapes.ContainsKey((on, shape));

        internal static bool Covers(Transform bone) => running && Bones.ContainsKey(bone);
    }
}
