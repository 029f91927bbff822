using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// A menu item of <see cref="SpaceHeadModel"/> that writes its head as a prefab, with its meshes, materials and pictures in
    /// an asset beside it, for projects that do not want to build it at run time.
    /// </summary>
    public static class SaveHeadModel
    {
        /// <summary>Writes a head and returns its prefab; null where there is no file to show.</summary>
        public static GameObject To(SpaceHeadModel from, string path)
        {
            GameObject copy = from.BuildCopy();
            if (!copy) return null;
            try
            {
                string assets = Path.ChangeExtension(path, ".asset");
                List<Object> resources = ResourcesOf(copy);
                if (resources.Count > 0) AssetDatabase.CreateAsset(resources[0], assets);
                for (int i = 1; i < resources.Count; i++) AssetDatabase.AddObjectToAsset(resources[i], assets);
                return PrefabUtility.SaveAsPrefabAsset(copy, path);
            }
            finally
            {
                Object.DestroyImmediate(copy);
            }
        }

        [MenuItem("CONTEXT/SpaceHeadModel/Save as Prefab")]
        private static void Save(MenuCommand command)
        {
            var from = (SpaceHeadModel)command.context;
            if (!from.Model) return;
            const string Told = "The prefab, and beside it an asset with its meshes, materials and pictures";
            string path = EditorUtility.SaveFilePanelInProject("Save as prefab", from.Model.name, "prefab", Told);
            if (!string.IsNullOrEmpty(path)) To(from, path);
        }

        private static List<Object> ResourcesOf(GameObject root)
        {
            var found = new List<Object>();
            foreach (SkinnedMeshRenderer each in root.GetComponentsInChildren<SkinnedMeshRenderer>(true))
            {
                Add(found, each.sharedMesh);
                foreach (Material material in each.sharedMaterials)
                {
                    Add(found, material);
                    if (material) Add(found, material.mainTexture);
                }
            }
            return found;
        }

        private static void Add(List<Object> found, Object each)
        {
            if (each && !found.Contains(each)) found.Add(each);
        }
    }
}
