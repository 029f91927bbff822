using System.Text;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Menu items that make the selected avatar talk, in one step of undo, and say what was matched.</summary>
    public static class AddTalkingFace
    {
        [MenuItem("GameObject/SPACE/Add Talking Face (Baked Clips)", false, 10)]
        private static void AddBaked() => Show(To(Selection.activeGameObject, false));

        [MenuItem("GameObject/SPACE/Add Talking Face (Live)", false, 11)]
        private static void AddLive() => Show(To(Selection.activeGameObject, true));

        [MenuItem("GameObject/SPACE/Add Talking Face (Baked Clips)", true)]
        private static bool CanAddBaked() => Selection.activeGameObject;

        [MenuItem("GameObject/SPACE/Add Talking Face (Live)", true)]
        private static bool CanAddLive() => Selection.activeGameObject;

        /// <summary>Adds what an avatar lacks, and returns what was matched, in lines of text.</summary>
        public static string To(GameObject avatar, bool live)
        {
            Undo.SetCurrentGroupName("Add Talking Face");
            int group = Undo.GetCurrentGroup();
            Need<AudioSource>(avatar).playOnAwake = false;
            if (live)
            {
                Need<SpaceConnection>(avatar);
                Need<SpaceSpeaker>(avatar);
            }
            else Need<SpaceClipPlayer>(avatar);
            var face = Need<SpaceFace>(avatar);
            var head = Need<SpaceHead>(avatar);
            Undo.CollapseUndoOperations(group);
            face.Rebuild();
            return face.Report + Bones(head);
        }

        private static T Need<T>(GameObject avatar) where T : Component
        {
            var there = avatar.GetComponent<T>();
            return there ? there : Undo.AddComponent<T>(avatar);
        }

        private static string Bones(SpaceHead head)
        {
            var text = new StringBuilder("bones: ");
            text.Append($"head {NameOf(head.Head)}, neck {NameOf(head.Neck)}, ");
            text.Append($"left eye {NameOf(head.LeftEye)}, right eye {NameOf(head.RightEye)}\n");
            return text.ToString();
        }

        private static string NameOf(Transform bone) => bone ? bone.name : "not found";

        private static void Show(string report) => EditorUtility.DisplayDialog("SPACE", report, "OK");
    }
}
