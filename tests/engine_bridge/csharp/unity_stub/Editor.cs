using System;
using System.Collections.Generic;
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
        public MenuItem(string itemName)
        {
        }

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

    public sealed class CanEditMultipleObjects : Attribute
    {
    }

    public enum MessageType
    {
        None,
        Info,
        Warning,
    }

    public sealed class Selection
    {
        public static GameObject activeGameObject { get; set; }
    }

    public class Undo
    {
        public static void RecordObject(UnityEngine.Object objectToUndo, string name)
        {
        }

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

    public partial class EditorUtility
    {
        internal static string Chosen = "";
        internal static readonly List<UnityEngine.Object> Dirtied = new List<UnityEngine.Object>();

        public static void SetDirty(UnityEngine.Object target) => Dirtied.Add(target);

        public static string OpenFolderPanel(string title, string folder, string defaultName) => Chosen;

        public static bool DisplayDialog(string title, string message, string ok) => true;
    }

    public sealed class EditorPrefs
    {
        private static readonly Dictionary<string, string> Texts = new Dictionary<string, string>();

        public static string GetString(string key, string defaultValue) =>
            Texts.TryGetValue(key, out string found) ? found : defaultValue;

        public static void SetString(string key, string value) => Texts[key] = value;
    }

    public class EditorWindow : ScriptableObject
    {
        public static T GetWindow<T>(string title) where T : EditorWindow => CreateInstance<T>();

        public void Repaint()
        {
        }
    }

    public class Editor : ScriptableObject
    {
        public UnityEngine.Object target { get; set; }

        public UnityEngine.Object[] targets => new[] { target };

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

        public static void HelpBox(string message, MessageType type) => Help += message;

        public static Rect GetControlRect(params GUILayoutOption[] options) => default;

        public static string TextField(string label, string text, params GUILayoutOption[] options) => text;

        public static bool Toggle(string label, bool value, params GUILayoutOption[] options) => value;

        public static Vector2 BeginScrollView(Vector2 scrollPosition, params GUILayoutOption[] options) => scrollPosition;

        public static void EndScrollView()
        {
        }

        public static UnityEngine.Object ObjectField(
            string label, UnityEngine.Object obj, Type objType, bool allowSceneObjects, params GUILayoutOption[] options)
        {
            if (Given && objType.IsInstanceOfType(Given)) return Given;
            return obj;
        }

        /// <summary>The object that is dragged onto fields of its type.</summary>
        internal static UnityEngine.Object Given;
    }

    public sealed class EditorGUI
    {
        internal static string Bars = "";

        internal static int Drawn;

        public static void ProgressBar(Rect position, float value, string text) => Bars += $"{text} {value:0.00}\n";

        public static void DrawRect(Rect rect, Color color) => Drawn++;

        public static void BeginDisabledGroup(bool disabled)
        {
        }

        public static void EndDisabledGroup()
        {
        }
    }

    public enum PlayModeStateChange
    {
        EnteredEditMode,
        ExitingEditMode,
        EnteredPlayMode,
        ExitingPlayMode,
    }

    /// <summary>The player of sounds in edit mode; Unity's own is not public either.</summary>
    internal static class AudioUtil
    {
        internal static AudioClip Playing;
        internal static double Began;

        internal static void PlayPreviewClip(AudioClip clip, int startSample, bool loop)
        {
            Playing = clip;
            Began = EditorApplication.Now;
        }

        internal static void StopAllPreviewClips() => Playing = null;

        internal static int GetPreviewClipSamplePosition() =>
            Playing ? (int)((EditorApplication.Now - Began) * Playing.frequency) / 512 * 512 : 0;
    }

    public sealed class EditorApplication
    {
        public static event Action<PlayModeStateChange> playModeStateChanged;

        internal static int PlayerLoops;

        public static void QueuePlayerLoopUpdate() => PlayerLoops++;

        internal static void Change(PlayModeStateChange to) => playModeStateChanged?.Invoke(to);

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

    public partial class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options) => Pressed(text);
    }
}
