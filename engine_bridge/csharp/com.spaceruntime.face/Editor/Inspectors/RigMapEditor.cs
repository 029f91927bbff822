using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Shows what a rig map drives on an avatar, and writes out the rows that fit it best.</summary>
    [CustomEditor(typeof(RigMap))]
    public sealed class RigMapEditor : Editor
    {
        private GameObject avatar;
        private string report = "";

        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var map = (RigMap)target;
            avatar = (GameObject)EditorGUILayout.ObjectField("Avatar", avatar, typeof(GameObject), true);
            if (avatar && GUILayout.Button("What does it drive?")) report = map.ReportFor(avatar);
            if (avatar && GUILayout.Button("Match: write out the rows that fit the avatar")) Match(map);
            if (report.Length > 0) EditorGUILayout.HelpBox(report, MessageType.Info);
        }

        private void Match(RigMap map)
        {
            Undo.RecordObject(map, "Match Rig Map");
            map.MatchTo(avatar);
            EditorUtility.SetDirty(map);
            report = map.ReportFor(avatar);
        }
    }
}
