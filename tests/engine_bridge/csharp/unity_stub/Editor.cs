using System;
using UnityEngine;

namespace UnityEditor
{
    public class InitializeOnLoadMethodAttribute : Attribute
    {
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback beforeAssemblyReload;

        internal static void Reload() => beforeAssemblyReload?.Invoke();
    }

    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName, bool isValidateFunction)
        {
        }

        public MenuItem(string itemName, bool isValidateFunction, int priority)
        {
        }
    }

    public sealed class CustomEditor : Attribute
    {
        public CustomEditor(Type inspectedType)
        {
        }
    }

    public enum MessageType
    {
        None,
        Info,
    }

    public sealed class Selection
    {
        public static GameObject activeGameObject { get; set; }
    }

    public class Undo
    {
        public static void SetCurrentGroupName(string name)
        {
        }

        public static int GetCurrentGroup() => 0;

        public static void CollapseUndoOperations(int groupIndex)
        {
        }

        public static T AddComponent<T>(GameObject gameObject) where T : Component
        {
            var made = gameObject.AddComponent<T>();
            (made as MonoBehaviour)?.CallReset();
            return made;
        }
    }

    public class EditorUtility
    {
        public static bool DisplayDialog(string title, string message, string ok) => true;
    }

    public class Editor : ScriptableObject
    {
        public UnityEngine.Object target { get; set; }

        public virtual void OnInspectorGUI()
        {
        }

        public virtual bool RequiresConstantRepaint() => false;

        public bool DrawDefaultInspector() => false;

        public SerializedObject serializedObject { get; } = new SerializedObject();
    }

    public class SerializedObject
    {
        public void Update()
        {
        }
    }

    public sealed class EditorGUILayout
    {
        internal static string Help = "";

        public static void HelpBox(string message, MessageType type) => Help = message;

        public static Rect GetControlRect(params GUILayoutOption[] options) => default;

        public static UnityEngine.Object ObjectField(
            string label, UnityEngine.Object obj, Type objType, bool allowSceneObjects, params GUILayoutOption[] options) => obj;
    }

    public sealed class EditorGUI
    {
        internal static string Bars = "";

        internal static int Drawn;

        public static void ProgressBar(Rect position, float value, string text) => Bars += $"{text} {value:0.00}\n";

        public static void DrawRect(Rect rect, Color color) => Drawn++;
    }

    public sealed class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction update;
        public static CallbackFunction delayCall;
        internal static double Now;

        public static double timeSinceStartup => Now;

        /// <summary>The editor goes on by a tick.</summary>
        internal static void Tick(double dt)
        {
            Now += dt;
            CallbackFunction due = delayCall;
            delayCall = null;
            due?.Invoke();
            update?.Invoke();
        }
    }
}

namespace UnityEngine
{
    public struct Rect
    {
        public Rect(float x, float y, float width, float height)
        {
            this.x = x;
            this.y = y;
            this.width = width;
            this.height = height;
        }

        public float x { get; set; }

        public float y { get; set; }

        public float width { get; set; }

        public float height { get; set; }
    }

    public sealed class GUILayoutOption
    {
    }

    public class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options) => true;
    }
}
