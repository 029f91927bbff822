using System.IO;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Finds the sound of a baked line: the one of its name beside it.</summary>
    public static class LineSounds
    {
        private static readonly string[] Endings = { ".wav", ".ogg", ".mp3", ".flac", ".aif", ".aiff" };

        /// <summary>Returns the sound, null where there is none.</summary>
        public static AudioClip Of(SpaceClip line)
        {
            string path = AssetDatabase.GetAssetPath(line);
            if (string.IsNullOrEmpty(path)) return null;
            foreach (string ending in Endings)
            {
                var found = AssetDatabase.LoadAssetAtPath<AudioClip>(Path.ChangeExtension(path, ending));
                if (found) return found;
            }
            return null;
        }
    }
}
