using System.Collections.Generic;
using System.Reflection;
using SpaceRuntime;
using UnityEditor;
using UnityEditor.AssetImporters;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>What tests of the editor's half need: an import, its curves.</summary>
    public sealed class EditorScene
    {
        public readonly SpaceClipImporter Importer = new SpaceClipImporter();
        private AssetImportContext context;

        /// <summary>A setting that the inspector would change.</summary>
        public void Set(string field, object value)
        {
            FieldInfo found = typeof(SpaceClipImporter).GetField(field, BindingFlags.Instance | BindingFlags.NonPublic);
            found.SetValue(Importer, System.Convert.ChangeType(value, found.FieldType));
        }

        /// <summary>Imports a file; returns what went wrong.</summary>
        public string Import(string path)
        {
            context = new AssetImportContext(path);
            Importer.OnImportAsset(context);
            return context.Errors;
        }

        public SpaceClip Main => (SpaceClip)context.mainObject;

        public string[] Added => new List<string>(context.Added.Keys).ToArray();

        public AnimationClip Animation => (AnimationClip)context.Added["animation"];

        /// <summary>The properties that the animation drives, as path:property.</summary>
        public string[] Bindings => System.Array.ConvertAll(
            AnimationUtility.GetCurveBindings(Animation), each => $"{each.path}:{each.propertyName}");

        /// <summary>Values of one of its curves at times.</summary>
        public double[] Values(string path, string property, double[] times)
        {
            AnimationCurve curve = AnimationUtility.GetEditorCurve(
                Animation, EditorCurveBinding.FloatCurve(path, typeof(SkinnedMeshRenderer), property));
            return System.Array.ConvertAll(times, time => (double)curve.Evaluate((float)time));
        }

        /// <summary>The number of keys of all curves.</summary>
        public int KeyCount
        {
            get
            {
                int count = 0;
                foreach (EditorCurveBinding each in AnimationUtility.GetCurveBindings(Animation))
                    count += AnimationUtility.GetEditorCurve(Animation, each).length;
                return count;
            }
        }

        /// <summary>Draws the importer's inspector for an avatar, with its button pressed.</summary>
        public void Inspect(GameObject avatar)
        {
            var inspector = new SpaceClipImporterEditor { target = Importer };
            const BindingFlags own = BindingFlags.Instance | BindingFlags.NonPublic;
            typeof(SpaceClipImporterEditor).GetField("avatar", own).SetValue(inspector, avatar);
            inspector.OnInspectorGUI();
        }
    }
}
