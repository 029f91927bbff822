using System.Collections.Generic;
using System.Reflection;
using SpaceRuntime;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>A character with renderers, as a scene would have it.</summary>
    public sealed class Scene
    {
        public readonly GameObject Character = new GameObject("character");
        public readonly List<SkinnedMeshRenderer> Renderers = new List<SkinnedMeshRenderer>();
        public AudioSource Sound;
        public SpaceClipPlayer Player;
        public SpaceFace Face;

        public static string[] Errors => Loop.Errors.ToArray();

        public static string[] Warnings => Loop.Warnings.ToArray();

        public static int Alive => Loop.All.Count;

        public static void Forget()
        {
            Loop.EndPlay();
            Loop.Errors.Clear();
            Loop.Warnings.Clear();
            Loop.Sources.Clear();
            Loop.Directors.Clear();
        }

        public static void Step(double dt, int times = 1)
        {
            for (int i = 0; i < times; i++) Loop.Step((float)dt);
        }

        public void AddMesh(string name, string[] shapes, double full)
        {
            var child = new GameObject(name);
            child.transform.SetParent(Character.transform, false);
            var renderer = child.AddComponent<SkinnedMeshRenderer>();
            renderer.sharedMesh = MeshOf(shapes, full);
            Renderers.Add(renderer);
        }

        public static Mesh MeshOf(string[] shapes, double full)
        {
            var mesh = new Mesh { Full = (float)full };
            mesh.Shapes.AddRange(shapes);
            return mesh;
        }

        public SpaceClipPlayer AddPlayer(bool withSource)
        {
            if (withSource) Sound = Character.AddComponent<AudioSource>();
            Player = Character.AddComponent<SpaceClipPlayer>();
            Player.AudioSource = Sound;
            return Player;
        }

        public SpaceFace AddFace() => Face = Character.AddComponent<SpaceFace>();

        public static TextAsset File(byte[] data) => new TextAsset { name = "line.json", Data = data };

        public static AudioClip Silence(double seconds, int rate) => AudioClip.Create("line", (int)(seconds * rate), 1, rate, false);

        public double Weight(int renderer, string shape)
        {
            SkinnedMeshRenderer on = Renderers[renderer];
            return on.GetBlendShapeWeight(on.sharedMesh.Shapes.IndexOf(shape));
        }

        public static double DspTime => AudioSettings.dspTime;

        public double HeardSeconds => Sound.Exact;

        public void Seek(double seconds) => Sound.Seek(seconds);

        public static Transform Target(double x, double y, double z)
        {
            Transform made = new GameObject("target").transform;
            made.localPosition = new Vector3((float)x, (float)y, (float)z);
            return made;
        }

        public static void Kill(Object each) => Object.Destroy(each);

        public static int Count(SpacePoseSource source, string kind)
        {
            var counter = new Counter();
            if (kind == "started") source.Started.AddListener(counter.Add);
            else if (kind == "finished") source.Finished.AddListener(counter.Add);
            return Counter.Keep(counter);
        }

        /// <summary>A game that plays again whenever a line is over.</summary>
        public static void Repeat(SpaceClipPlayer player) => player.Finished.AddListener(player.Play);

        public static int Counted(int number) => Counter.Kept[number].Value;

        private sealed class Counter
        {
            public static readonly List<Counter> Kept = new List<Counter>();
            public int Value;

            public static int Keep(Counter counter)
            {
                Kept.Add(counter);
                return Kept.Count - 1;
            }

            public void Add() => Value++;
        }

        /// <summary>What the menu item makes of the character, and says.</summary>
        public string AddTalkingFaceTo(bool live) => AddTalkingFace.To(Character, live);

        /// <summary>What the inspector of the face shows.</summary>
        public string Inspected()
        {
            UnityEditor.EditorGUI.Bars = UnityEditor.EditorGUILayout.Help = "";
            new SpaceFaceEditor { target = Character.GetComponent<SpaceFace>() }.OnInspectorGUI();
            return UnityEditor.EditorGUILayout.Help + UnityEditor.EditorGUI.Bars;
        }

        /// <summary>
        /// Runs the package's own tests, a frame of the game or of the editor for each yield; returns their names, with what failed.
        /// </summary>
        public static string[] RunTests(string assembly, double dt, bool inEditMode)
        {
            var told = new List<string>();
            Loop.IsPlaying = !inEditMode;
            foreach (System.Type type in Assembly.LoadFrom(assembly).GetTypes())
                foreach (MethodInfo test in type.GetMethods())
                    if (IsTest(test)) told.Add(Outcome(type, test, dt));
            Loop.IsPlaying = true;
            return told.ToArray();
        }

        private static bool IsTest(MethodInfo method) =>
            method.IsDefined(typeof(UnityEngine.TestTools.UnityTestAttribute)) || method.IsDefined(typeof(NUnit.Framework.TestAttribute));

        private static string Outcome(System.Type type, MethodInfo test, double dt)
        {
            try
            {
                var frames = test.Invoke(System.Activator.CreateInstance(type), null) as System.Collections.IEnumerator;
                while (frames != null && frames.MoveNext())
                {
                    if (Loop.IsPlaying) Step(dt);
                    else UnityEditor.EditorApplication.Tick(dt);
                }
                return test.Name;
            }
            catch (System.Exception error)
            {
                return $"{test.Name}: {error}";
            }
        }

        /// <summary>Bytes that a frame allocates, after a second of warming up.</summary>
        public static double Garbage(int frames, double dt)
        {
            Step(dt, 60);
            long before = System.GC.GetAllocatedBytesForCurrentThread();
            Step(dt, frames);
            return (System.GC.GetAllocatedBytesForCurrentThread() - before) / (double)frames;
        }
    }
}
