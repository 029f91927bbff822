using UnityEditor;
using UnityEditor.AssetImporters;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>The settings of an import, and a button that takes them from an avatar.</summary>
    [CustomEditor(typeof(SpaceClipImporter)), CanEditMultipleObjects]
    public sealed class SpaceClipImporterEditor : ScriptedImporterEditor
    {
        private GameObject avatar;

        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            serializedObject.Update();
            DrawDefaultInspector();
            avatar = (GameObject)EditorGUILayout.ObjectField("Avatar", avatar, typeof(GameObject), true);
            if (avatar && GUILayout.Button("Take meshes and full weights from the avatar"))
            {
                foreach (Object each in targets) ((SpaceClipImporter)each).TakeFrom(avatar);
                serializedObject.Update();
            }
            ApplyRevertGUI();
        }
    }
}
