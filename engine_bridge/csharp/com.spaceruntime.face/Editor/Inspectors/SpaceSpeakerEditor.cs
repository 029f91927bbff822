using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Shows in play mode how a speaker is: its line, its session, what came too late.</summary>
    [CustomEditor(typeof(SpaceSpeaker))]
    public sealed class SpaceSpeakerEditor : Editor
    {
        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            if (Application.isPlaying) EditorGUILayout.HelpBox(StateOf((SpaceSpeaker)target), MessageType.None);
        }

        /// <inheritdoc/>
        public override bool RequiresConstantRepaint() => Application.isPlaying;

        /// <summary>Returns the state in lines of text.</summary>
        public static string StateOf(SpaceSpeaker speaker)
        {
            string line = speaker.IsSpeaking ? $"speaks, at {speaker.Seconds:0.00} s" : "silent";
            SpaceSession session = speaker.Session;
            if (session == null) return $"{line}\nno session: the connection is missing or disabled";
            SessionCounters counters = session.Counters;
            return $"{line}; face {speaker.Pose.State}\nsession {session.State}, stream {session.Stream}\n"
                + $"frames: {counters.FramesTaken} taken, {counters.FramesWaiting} waiting, "
                + $"{counters.FramesLate} late, {counters.FramesLost} lost";
        }
    }
}
