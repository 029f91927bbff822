using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Shows what a face has matched and, in play mode, its weights. Nothing of it changes the scene.</summary>
    [CustomEditor(typeof(SpaceFace))]
    public sealed class SpaceFaceEditor : Editor
    {
        private static readonly string[] Shown =
        {
            "jawOpen", "mouthClose", "mouthSmileLeft", "mouthPucker", "eyeBlinkLeft", "browInnerUp",
        };

        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var face = (SpaceFace)target;
            if (GUILayout.Button("Match the shapes now")) face.Rebuild();
            if (face.Report.Length > 0) EditorGUILayout.HelpBox(face.Report, MessageType.Info);
            if (!Application.isPlaying) return;
            foreach (string shape in Shown)
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), face.WeightOf(shape), shape);
        }

        /// <inheritdoc/>
        public override bool RequiresConstantRepaint() => Application.isPlaying;
    }
}
