using System.Reflection;
using SpaceRuntime;
using UnityEditor;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>The Bake window, driven as a person would.</summary>
    public sealed class BakeScene
    {
        private const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic;
        public readonly SpaceBakeWindow Window = ScriptableObject.CreateInstance<SpaceBakeWindow>();

        public BakeScene(string program, string folder)
        {
            SpaceBakeWindow.Program = program;
            Set("folder", folder);
        }

        public void Set(string field, object value) => typeof(SpaceBakeWindow).GetField(field, Own).SetValue(Window, value);

        /// <summary>Draws the window with a button pressed; returns what its bar says.</summary>
        public string Press(string button)
        {
            GUILayout.Pressed = text => text == button;
            EditorGUI.Bars = "";
            typeof(SpaceBakeWindow).GetMethod("OnGUI", Own).Invoke(Window, null);
            GUILayout.Pressed = text => true;
            return EditorGUI.Bars;
        }

        public void Close() => typeof(SpaceBakeWindow).GetMethod("OnDisable", Own).Invoke(Window, null);

        public static void Tick() => EditorApplication.Tick(0.1);

        public static bool IsPolled => EditorApplication.update != null;

        public static int Refreshed => AssetDatabase.Refreshed;

        public static void Choose(string folder) => EditorUtility.Chosen = folder;

        public string Folder => (string)typeof(SpaceBakeWindow).GetField("folder", Own).GetValue(Window);
    }
}
