using System.Reflection;
using SpaceRuntime;
using UnityEditor;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>Inspectors, drawn with a button pressed and an object dragged onto their fields.</summary>
    public sealed class InspectorScene
    {
        private readonly Editor inspector;

        public InspectorScene(Editor inspector, Object target)
        {
            this.inspector = inspector;
            inspector.target = target;
        }

        public static InspectorScene OfFace(SpaceFace face) => new InspectorScene(new SpaceFaceEditor(), face);

        public static InspectorScene OfMap(RigMap map) => new InspectorScene(new RigMapEditor(), map);

        public static InspectorScene OfSpeaker(SpaceSpeaker speaker) => new InspectorScene(new SpaceSpeakerEditor(), speaker);

        public static InspectorScene OfConnection(SpaceConnection on) => new InspectorScene(new SpaceConnectionEditor(), on);

        /// <summary>Returns the texts and bars that are shown.</summary>
        public string Draw(string pressed, Object given)
        {
            EditorGUI.Bars = EditorGUILayout.Help = "";
            EditorGUI.Drawn = 0;
            GUILayout.Pressed = text => text == pressed;
            EditorGUILayout.Given = given;
            inspector.OnInspectorGUI();
            GUILayout.Pressed = text => true;
            EditorGUILayout.Given = null;
            return EditorGUILayout.Help + EditorGUI.Bars;
        }

        public void Close() =>
            inspector.GetType().GetMethod("OnDisable", BindingFlags.Instance | BindingFlags.NonPublic).Invoke(inspector, null);

        public static int RectsDrawn => EditorGUI.Drawn;

        public static void Tick(double dt) => EditorApplication.Tick(dt);

        public static void EnterPlay() => EditorApplication.Change(PlayModeStateChange.ExitingEditMode);

        public static bool IsHeard => AudioUtil.Playing;

        public static bool IsPreviewing => AnimationMode.InAnimationMode();

        public static bool IsPolled => EditorApplication.update != null;

        public static RigMap Map() => ScriptableObject.CreateInstance<RigMap>();

        public static int Dirtied => EditorUtility.Dirtied.Count;

        /// <summary>A line and its sound lie beside each other in the project.</summary>
        public static void Import(SpaceClip line, AudioClip sound)
        {
            AssetDatabase.Assets.Clear();
            AssetDatabase.Assets["Assets/line.spaceclip"] = line;
            if (sound) AssetDatabase.Assets["Assets/line.ogg"] = sound;
        }
    }
}
