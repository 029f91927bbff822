using System.Collections.Generic;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>The renderers of an avatar that have blend shapes, and the names of these.</summary>
    internal static class FaceMeshes
    {
        /// <summary>Returns all below an object, inactive ones too.</summary>
        public static List<SkinnedMeshRenderer> Below(GameObject avatar)
        {
            var found = new List<SkinnedMeshRenderer>(avatar.GetComponentsInChildren<SkinnedMeshRenderer>(true));
            Keep(found);
            return found;
        }

        /// <summary>Takes those out of a list that have no shapes.</summary>
        public static void Keep(List<SkinnedMeshRenderer> renderers) =>
            renderers.RemoveAll(each => !each || !each.sharedMesh || each.sharedMesh.blendShapeCount == 0);

        /// <summary>Returns the names of all shapes, each once.</summary>
        public static string[] NamesOf(List<SkinnedMeshRenderer> renderers)
        {
            var names = new List<string>();
            foreach (SkinnedMeshRenderer each in renderers)
                foreach (string name in ShapeBinding.NamesOf(each.sharedMesh))
                    if (!names.Contains(name)) names.Add(name);
            return names.ToArray();
        }
    }
}
