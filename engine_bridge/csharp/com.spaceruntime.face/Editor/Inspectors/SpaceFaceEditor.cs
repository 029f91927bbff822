using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Shows what a face has matched; in play mode the curves of the shapes that move most, in edit mode a preview of a line.
    /// Nothing of it changes the scene.
    /// </summary>
    [CustomEditor(typeof(SpaceFace))]
    public sealed class SpaceFaceEditor : Editor
    {
        private const int Shown = 6;

        private readonly ShapeHistory history = new ShapeHistory();
        private SpaceClip line;
        private FacePreview preview;
        private string trouble = "";

        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var face = (SpaceFace)target;
            if (GUILayout.Button("Match the shapes now")) face.Rebuild();
            if (face.Report.Length > 0) EditorGUILayout.HelpBox(face.Report, MessageType.Info);
            if (Application.isPlaying) DrawCurves(face);
            else DrawPreview(face);
        }

        /// <inheritdoc/>
        public override bool RequiresConstantRepaint() => Application.isPlaying || IsPreviewing;

        private bool IsPreviewing => preview != null && preview.IsPlaying;

        private void OnDisable() => preview?.Stop();

        private void DrawCurves(SpaceFace face)
        {
            history.Add(face.Layers.Compose());
            foreach (int shape in history.Strongest(Shown))
            {
                string name = ArkitShapes.Names[shape];
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), face.WeightOf(name), name);
                history.Draw(EditorGUILayout.GetControlRect(), shape);
            }
        }

        private void DrawPreview(SpaceFace face)
        {
            line = (SpaceClip)EditorGUILayout.ObjectField("Line to preview", line, typeof(SpaceClip), false);
            if (trouble.Length > 0) EditorGUILayout.HelpBox(trouble, MessageType.Warning);
            if (IsPreviewing)
            {
                float part = (float)(preview.Seconds / System.Math.Max(preview.Length, 1e-3));
                EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), Mathf.Clamp01(part), $"{preview.Seconds:0.0} s");
                if (GUILayout.Button("Stop")) preview.Stop();
            }
            else if (line && GUILayout.Button("Play")) Play(face);
        }

        private void Play(SpaceFace face)
        {
            preview = FacePreview.Begin(face, SpaceHead.Of(face), line.Face, LineSounds.Of(line));
            trouble = preview == null ? "another preview runs: end that of Timeline or of the Animation window first" : "";
        }
    }
}
