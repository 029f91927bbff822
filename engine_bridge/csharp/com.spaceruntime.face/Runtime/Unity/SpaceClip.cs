using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>A baked line as an asset of the project: what the importer makes of a <c>.spaceclip</c>.</summary>
    public sealed class SpaceClip : ScriptableObject
    {
        [SerializeField, HideInInspector] private byte[] file = new byte[0];

        [System.NonSerialized] private byte[] read;
        private FaceClip face;

        /// <summary>The clip, read when it is asked for first. Raises <see cref="ClipException"/>.</summary>
        public FaceClip Face
        {
            get
            {
                if (face == null || read != file) face = FaceClip.Read(file);
                read = file; // an import puts another array here
                return face;
            }
        }

        /// <summary>Media time of the last frame in seconds. Raises <see cref="ClipException"/>.</summary>
        public double Seconds => Face.Seconds;

        /// <summary>Makes one of a file's bytes. Raises <see cref="ClipException"/> where they are no clip.</summary>
        public static SpaceClip Of(byte[] bytes)
        {
            FaceClip first = FaceClip.Read(bytes);
            var made = CreateInstance<SpaceClip>();
            made.file = made.read = bytes;
            made.face = first;
            return made;
        }
    }
}
