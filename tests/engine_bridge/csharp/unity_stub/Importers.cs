using System;
using System.Collections.Generic;
using System.IO;
using UnityEngine;

namespace UnityEditor
{
    public class AssetImporter : UnityEngine.Object
    {
        public string assetPath { get; internal set; } = "";
    }

    /// <summary>The assets of a project: those that tests put in, by their paths.</summary>
    public partial class AssetDatabase
    {
        internal static readonly Dictionary<string, UnityEngine.Object> Assets = new Dictionary<string, UnityEngine.Object>();
        internal static int Refreshed;

        public static void Refresh() => Refreshed++;

        public static string GetAssetPath(UnityEngine.Object assetObject)
        {
            foreach (KeyValuePair<string, UnityEngine.Object> each in Assets)
                if (each.Value == assetObject) return each.Key;
            return "";
        }

        public static T LoadAssetAtPath<T>(string assetPath) where T : UnityEngine.Object =>
            Assets.TryGetValue(assetPath, out UnityEngine.Object found) ? found as T : null;
    }
}

namespace UnityEditor.AssetImporters
{
    public class ScriptedImporterAttribute : Attribute
    {
        public ScriptedImporterAttribute(int version, string[] exts, string[] overrideExts)
        {
        }
    }

    public abstract class ScriptedImporter : AssetImporter
    {
        public abstract void OnImportAsset(AssetImportContext ctx);
    }

    public class AssetImportContext
    {
        internal readonly Dictionary<string, UnityEngine.Object> Added = new Dictionary<string, UnityEngine.Object>();
        internal string Errors = "";

        internal AssetImportContext(string path) => assetPath = path;

        public string assetPath { get; }

        public UnityEngine.Object mainObject { get; private set; }

        public void AddObjectToAsset(string identifier, UnityEngine.Object obj) => Added.Add(identifier, obj);

        public void SetMainObject(UnityEngine.Object obj)
        {
            if (!Added.ContainsValue(obj)) throw new InvalidOperationException("add it first");
            mainObject = obj;
        }

        public void LogImportError(string msg, UnityEngine.Object obj = null) => Errors += msg;
    }

    public abstract class AssetImporterEditor : Editor
    {
        protected void ApplyRevertGUI()
        {
        }
    }

    public class ScriptedImporterEditor : AssetImporterEditor
    {
    }
}
