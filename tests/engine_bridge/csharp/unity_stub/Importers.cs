using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
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
        private static readonly Dictionary<string, List<UnityEngine.Object>> Imported =
            new Dictionary<string, List<UnityEngine.Object>>();

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
            Assets.TryGetValue(assetPath, out UnityEngine.Object found) ? found as T : FromImport<T>(assetPath);

        /// <summary>Imports a file by the first importer that claims its extension.</summary>
        public static void ImportAsset(string path)
        {
            foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies())
                foreach (Type type in assembly.GetTypes())
                    if (Array.IndexOf(AssetImporters.ScriptedImporterAttribute.Of(type), Path.GetExtension(path)) >= 0)
                        Import((AssetImporters.ScriptedImporter)Activator.CreateInstance(type), path);
        }

        public static bool DeleteAsset(string path)
        {
            File.Delete(path);
            return Imported.Remove(path);
        }

        private static void Import(AssetImporters.ScriptedImporter importer, string path)
        {
            var context = new AssetImporters.AssetImportContext(path);
            importer.OnImportAsset(context);
            Imported[path] = new List<UnityEngine.Object>(context.Added.Values);
        }

        private static T FromImport<T>(string path) where T : UnityEngine.Object =>
            Imported.TryGetValue(path, out List<UnityEngine.Object> all) ? all.Find(each => each is T) as T : null;
    }
}

namespace UnityEditor.AssetImporters
{
    public class ScriptedImporterAttribute : Attribute
    {
        private readonly string[] extensions;

        public ScriptedImporterAttribute(int version, string[] exts, string[] overrideExts) => extensions = exts;

        /// <summary>The extensions that a type claims, with their dots.</summary>
        internal static string[] Of(Type type)
        {
            var found = (ScriptedImporterAttribute)GetCustomAttribute(type, typeof(ScriptedImporterAttribute));
            return found == null ? new string[0] : Array.ConvertAll(found.extensions, each => "." + each);
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
