using System;
using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>A mesh whose blend shapes an animation drives: its path, the names of its shapes, its full weight.</summary>
    [Serializable]
    public sealed class ClipTarget
    {
        /// <summary>Path from the object with the Animator to the renderer; empty: that object itself.</summary>
        public string Path = "";

        /// <summary>The full weight of a shape: 100 in meshes from FBX files and UniVRM, 1 in glTFast's.</summary>
        public float FullWeight = 100;

        /// <summary>Names of the mesh's shapes; empty: ARKit's.</summary>
        public string[] Shapes = new string[0];

        /// <summary>The names that hold.</summary>
        internal string[] Names => Shapes.Length > 0 ? Shapes : ArkitShapes.Names;

        /// <summary>Returns the meshes of an avatar that have blend shapes.</summary>
        public static List<ClipTarget> Of(GameObject avatar)
        {
            var found = new List<ClipTarget>();
            foreach (SkinnedMeshRenderer each in avatar.GetComponentsInChildren<SkinnedMeshRenderer>(true))
                if (each.sharedMesh && each.sharedMesh.blendShapeCount > 0) found.Add(Of(each, avatar.transform));
            return found;
        }

        private static ClipTarget Of(SkinnedMeshRenderer renderer, Transform root)
        {
            Mesh mesh = renderer.sharedMesh;
            var names = new string[mesh.blendShapeCount];
            for (int i = 0; i < names.Length; i++) names[i] = mesh.GetBlendShapeName(i);
            return new ClipTarget
            {
                Path = AnimationUtility.CalculateTransformPath(renderer.transform, root),
                FullWeight = mesh.GetBlendShapeFrameWeight(0, mesh.GetBlendShapeFrameCount(0) - 1),
                Shapes = names,
            };
        }
    }
}
