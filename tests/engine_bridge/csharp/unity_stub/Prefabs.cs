// What writes assets and prefabs. Members that Unity lacks are internal.
using System;
using System.Collections.Generic;
using UnityEngine;

namespace UnityEditor
{
    public sealed class MenuCommand
    {
        public UnityEngine.Object context;

        public MenuCommand(UnityEngine.Object context) => this.context = context;
    }

    public partial class AssetDatabase
    {
        internal static readonly List<UnityEngine.Object> Beside = new List<UnityEngine.Object>();

        public static void CreateAsset(UnityEngine.Object asset, string path) => Assets[path] = Kept(asset);

        public static void AddObjectToAsset(UnityEngine.Object objectToAdd, string path)
        {
            if (!Assets.ContainsKey(path)) throw new ArgumentException("no asset at " + path);
            Beside.Add(Kept(objectToAdd));
        }

        private static UnityEngine.Object Kept(UnityEngine.Object asset) =>
            asset.hideFlags == HideFlags.None ? asset : throw new ArgumentException("an object that must not be saved");
    }

    public partial class EditorUtility
    {
        public static string SaveFilePanelInProject(string title, string defaultName, string extension, string message) =>
            $"Assets/{defaultName}.{extension}";
    }

    public sealed class PrefabUtility
    {
        internal static readonly List<string> Saved = new List<string>();

        public static GameObject SaveAsPrefabAsset(GameObject instanceRoot, string assetPath)
        {
            foreach (SkinnedMeshRenderer each in instanceRoot.GetComponentsInChildren<SkinnedMeshRenderer>(true))
                if (!AssetDatabase.Assets.ContainsValue(each.sharedMesh) && !AssetDatabase.Beside.Contains(each.sharedMesh))
                    throw new ArgumentException("a mesh that is in no asset");
            Saved.Add(assetPath);
            return instanceRoot;
        }
    }
}
