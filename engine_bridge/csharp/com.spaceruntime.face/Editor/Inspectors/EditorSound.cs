using System.Reflection;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Plays sound in edit mode. Unity has no public way: this calls <c>UnityEditor.AudioUtil</c>, which is the same from 2021.3
    /// to 6000.7; where it is not there, a preview has no sound.
    /// </summary>
    public static class EditorSound
    {
        private const BindingFlags Any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        private static readonly System.Type Util = typeof(EditorWindow).Assembly.GetType("UnityEditor.AudioUtil");
        private static readonly MethodInfo PlayMethod = Found("PlayPreviewClip");
        private static readonly MethodInfo StopMethod = Found("StopAllPreviewClips");
        private static readonly MethodInfo PositionMethod = Found("GetPreviewClipSamplePosition");

        /// <summary>Plays a sound from its begin.</summary>
        public static void Play(AudioClip sound) => PlayMethod?.Invoke(null, new object[] { sound, 0, false });

        /// <summary>Ends all previews of sounds.</summary>
        public static void Stop() => StopMethod?.Invoke(null, null);

        /// <summary>Returns the position in the sound that plays, in seconds; null where it is not known.</summary>
        public static double? SecondsIn(AudioClip sound) =>
            PositionMethod?.Invoke(null, null) is int at ? at / (double)sound.frequency : (double?)null;

        private static MethodInfo Found(string name) => Util?.GetMethod(name, Any);
    }
}
