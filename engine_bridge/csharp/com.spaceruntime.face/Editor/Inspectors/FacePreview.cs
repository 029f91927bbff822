using System;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Plays a line on a face in edit mode, with its sound. Unity's animation mode knows each property that is written and puts
    /// it back at the end, so that the scene stays as it was saved.
    /// </summary>
    public sealed class FacePreview
    {
        private static readonly string[] RotationParts = { "x", "y", "z", "w" };

        private readonly ClipMix mix = new ClipMix();
        private readonly SpaceFace face;
        private readonly SpaceHead head;
        private readonly FaceClip clip;
        private readonly AudioClip sound;
        private readonly SoundClock clock = new SoundClock();
        private readonly AnimationModeDriver driver;
        private double last;

        private FacePreview(SpaceFace face, SpaceHead head, FaceClip clip, AudioClip sound)
        {
            this.face = face;
            this.head = head;
            this.clip = clip;
            this.sound = sound;
            driver = ScriptableObject.CreateInstance<AnimationModeDriver>();
            driver.hideFlags = HideFlags.HideAndDontSave;
        }

        /// <summary>True until it is stopped or the line is over.</summary>
        public bool IsPlaying { get; private set; }

        /// <summary>The position in the line, in seconds.</summary>
        public double Seconds { get; private set; }

        /// <summary>The length of the line, in seconds.</summary>
        public double Length => clip.Seconds;

        /// <summary>
        /// Begins a preview; head and sound may be null. Returns null in play mode and where another preview runs: that of
        /// Timeline or of the Animation window.
        /// </summary>
        public static FacePreview Begin(SpaceFace face, SpaceHead head, FaceClip clip, AudioClip sound)
        {
            if (Application.isPlaying || AnimationMode.InAnimationMode()) return null;
            var made = new FacePreview(face, head, clip, sound);
            made.Begin();
            return made;
        }

        /// <summary>Ends it; shapes and bones are as they were. May be called again.</summary>
        public void Stop()
        {
            if (!IsPlaying) return;
            IsPlaying = false;
            EditorApplication.update -= Tick;
            EditorApplication.playModeStateChanged -= StopBeforePlay;
            EditorSound.Stop();
            AnimationMode.StopAnimationMode(driver);
            if (face) face.ReleasePose();
            if (head) head.ReleasePose();
            UnityEngine.Object.DestroyImmediate(driver);
        }

        private void Begin()
        {
            IsPlaying = true;
            AnimationMode.StartAnimationMode(driver);
            face.CollectShapes(Register);
            if (head) head.CollectBones(Register);
            clock.Begin(0);
            last = EditorApplication.timeSinceStartup;
            if (sound) EditorSound.Play(sound);
            EditorApplication.update += Tick;
            EditorApplication.playModeStateChanged += StopBeforePlay;
        }

        private void Tick()
        {
            double now = EditorApplication.timeSinceStartup, dt = now - last;
            last = now;
            Seconds = Position(dt);
            if (!face || Seconds > clip.Seconds + JitterBuffer.ReleaseSeconds)
            {
                Stop();
                return;
            }
            mix.Begin();
            mix.Add(clip, Seconds, 1);
            face.ShowPose(mix.Pose, 1);
            if (head) head.ShowPose(mix.Pose, 1);
            EditorApplication.QueuePlayerLoopUpdate();
        }

        /// <summary>The sound's position while it is known and goes on, else the editor's time.</summary>
        private double Position(double dt)
        {
            bool heard = sound && Seconds < sound.length - SoundClock.SeekSeconds;
            double? told = heard ? EditorSound.SecondsIn(sound) : null;
            return told.HasValue ? clock.Advance(told.Value, dt) : Seconds + dt;
        }

        private void StopBeforePlay(PlayModeStateChange change) => Stop();

        private static void Register(GameObject of, AnimationClip properties)
        {
            foreach (EditorCurveBinding each in AnimationUtility.GetCurveBindings(properties))
                AnimationMode.AddEditorCurveBinding(of, each);
        }

        private static void Register(Transform bone)
        {
            foreach (string part in RotationParts)
            {
                var binding = EditorCurveBinding.FloatCurve("", typeof(Transform), "m_LocalRotation." + part);
                AnimationMode.AddEditorCurveBinding(bone.gameObject, binding);
            }
        }
    }
}
