using System;
using System.IO;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Bakes a folder of sounds through the command line, in the background; the clips come beside the sounds and are imported.
    /// </summary>
    public sealed class SpaceBakeWindow : EditorWindow
    {
        private const string ProgramKey = "SpaceRuntime.BakeProgram";

        [SerializeField] private string folder = "Assets";
        [SerializeField] private string emotion = "";
        [SerializeField] private string style = "";
        [SerializeField] private string fps = "30";
        [SerializeField] private string seed = "";
        [SerializeField] private bool overwrite = false;
        [SerializeField] private string more = "";
        [SerializeField] private string report = "";

        private Vector2 scroll;
        private BakeRun run;

        /// <summary>The program on this machine: a path, or a name that is found.</summary>
        public static string Program
        {
            get => EditorPrefs.GetString(ProgramKey, "space-runtime");
            set => EditorPrefs.SetString(ProgramKey, value);
        }

        /// <summary>True while a batch runs.</summary>
        public bool IsBaking => run != null;

        /// <summary>The outcome of the last batch, in lines of text.</summary>
        public string Report => report;

        [MenuItem("Window/SPACE/Bake", false, 2000)]
        private static void Open() => GetWindow<SpaceBakeWindow>("SPACE Bake");

        /// <summary>Begins a batch; nothing while one runs.</summary>
        public void Bake()
        {
            if (IsBaking) return;
            try
            {
                run = BakeRun.Start(Command());
                report = "";
                EditorApplication.update += Poll;
            }
            catch (ArgumentException error)
            {
                report = error.Message;
            }
        }

        /// <summary>Asks the batch to end; lines that are done stay.</summary>
        public void Cancel() => run?.Cancel();

        private BakeCommand Command() => new BakeCommand
        {
            Program = Program,
            Folder = folder.Length > 0 ? Path.GetFullPath(folder) : "",
            Emotion = emotion,
            Style = style,
            Fps = fps,
            Seed = seed,
            Overwrite = overwrite,
            More = more,
        };

        private void Poll()
        {
            if (run != null && !run.Poll()) End();
            Repaint();
        }

        private void End()
        {
            report = BakeReport.Of(run);
            Leave();
            AssetDatabase.Refresh();
        }

        /// <summary>Also before a domain reload: a batch that runs is asked to end, and nothing waits for it.</summary>
        private void OnDisable() => Leave();

        private void Leave()
        {
            EditorApplication.update -= Poll;
            run?.Dispose();
            run = null;
        }

        private void OnGUI()
        {
            EditorGUI.BeginDisabledGroup(IsBaking);
            DrawSettings();
            EditorGUI.EndDisabledGroup();
            if (IsBaking) DrawProgress();
            else if (GUILayout.Button("Bake")) Bake();
            scroll = EditorGUILayout.BeginScrollView(scroll);
            if (report.Length > 0) EditorGUILayout.HelpBox(report, MessageType.Info);
            EditorGUILayout.EndScrollView();
        }

        private void DrawSettings()
        {
            string program = EditorGUILayout.TextField("Program", Program);
            if (program != Program) Program = program;
            folder = EditorGUILayout.TextField("Folder of sounds", folder);
            if (GUILayout.Button("Choose the folder…")) EditorApplication.delayCall += ChooseFolder;
            emotion = EditorGUILayout.TextField("Emotion", emotion);
            style = EditorGUILayout.TextField("Style", style);
            fps = EditorGUILayout.TextField("Frames a second", fps);
            seed = EditorGUILayout.TextField("Seed (empty: by the sound)", seed);
            overwrite = EditorGUILayout.Toggle("Overwrite hand edits", overwrite);
            more = EditorGUILayout.TextField("More options", more);
        }

        private void DrawProgress()
        {
            EditorGUI.ProgressBar(EditorGUILayout.GetControlRect(), run.Progress.Part, BakeReport.Place(run.Progress));
            if (GUILayout.Button("Cancel")) Cancel();
        }

        private void ChooseFolder()
        {
            string chosen = EditorUtility.OpenFolderPanel("Folder of sounds", folder, "");
            if (!string.IsNullOrEmpty(chosen)) folder = chosen;
            Repaint();
        }
    }
}
