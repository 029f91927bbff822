using System.Reflection;
using SpaceRuntime;
using UnityEditor;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>What a scene with a server has more.</summary>
    public sealed class LiveScene
    {
        public readonly GameObject Character = new GameObject("character");
        public readonly SpaceConnection Connection;
        public readonly SpaceSpeaker Speaker;
        public readonly AudioSource Sound;

        public LiveScene(string address, bool idle, double patience, bool pictures)
        {
            Character.SetActive(false);
            Connection = Character.AddComponent<SpaceConnection>();
            Connection.Address = address;
            Sound = Character.AddComponent<AudioSource>();
            Speaker = Character.AddComponent<SpaceSpeaker>();
            Speaker.AudioSource = Sound;
            Field("idle", idle);
            Field("patience", (float)patience);
            Field("pictures", pictures);
            if (pictures) Field("character", "someone.png");
            Character.SetActive(true);
        }

        public double HeardSeconds => Sound.Exact;

        /// <summary>A field that the inspector would set.</summary>
        public void Field(string name, object value) =>
            typeof(SpaceSpeaker).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic).SetValue(Speaker, value);

        /// <summary>A game that speaks again whenever a line is over.</summary>
        public void Repeat(AudioClip clip) => Speaker.Finished.AddListener(() => Speaker.Speak(clip));

        public SpacePortrait AddPortrait(Renderer on)
        {
            var portrait = Character.AddComponent<SpacePortrait>();
            portrait.Target = on;
            return portrait;
        }

        /// <summary>Adds a face and its mesh.</summary>
        public SkinnedMeshRenderer AddFace(string[] shapes, double full)
        {
            var renderer = Character.AddComponent<SkinnedMeshRenderer>();
            renderer.sharedMesh = Scene.MeshOf(shapes, full);
            Character.AddComponent<SpaceFace>();
            return renderer;
        }

        /// <summary>The weights of a mesh, as many as it has shapes.</summary>
        public static float[] Weights(SkinnedMeshRenderer renderer) =>
            new System.ArraySegment<float>(renderer.Weights, 0, renderer.sharedMesh.blendShapeCount).ToArray();

        public static AudioClip ClipOf(float[] values, int rate)
        {
            AudioClip clip = AudioClip.Create("line", values.Length, 1, rate, false);
            clip.SetData(values, 0);
            return clip;
        }

        public static int TexturesAlive => Texture2D.Alive;

        public static byte[] PixelsOf(Texture texture) => ((Texture2D)texture).Raw;

        public static AudioClip Tone(double seconds, int rate, int channels)
        {
            AudioClip clip = AudioClip.Create("tone", (int)(seconds * rate), channels, rate, false);
            for (int i = 0; i < clip.Data.Length; i++) clip.Data[i] = (i / channels % 1000) / 1000f;
            return clip;
        }

        public static AudioClip Streaming(double seconds, int rate) => AudioClip.Create("s", (int)(seconds * rate), 1, rate, true);

        /// <summary>Samples that the player of a stream has been given.</summary>
        public double[] Played => Sound.Played.ConvertAll(value => (double)value).ToArray();

        /// <summary>Puts a microphone in; it has recorded so many samples.</summary>
        public static void Record(int samples)
        {
            if (!Microphone.Ring) Microphone.Ring = Tone(2, 16000, 1);
            Microphone.Position = samples % Microphone.Ring.samples;
        }

        public static bool Recording => Microphone.Recording;

        public static void Reload() => AssemblyReloadEvents.Reload();

        public static void EndPlay() => Loop.EndPlay();

        public static void BeginPlay() => Loop.BeginPlay(typeof(SpaceSpeaker).Assembly);
    }
}
