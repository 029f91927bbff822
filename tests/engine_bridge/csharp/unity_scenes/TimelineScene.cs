using System.Collections.Generic;
using SpaceRuntime;
using UnityEditor;
using UnityEditor.Timeline;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace SpaceTests
{
    /// <summary>A cutscene: a director, a track of lines that is bound to the face of a scene.</summary>
    public sealed class TimelineScene
    {
        public readonly TimelineAsset Timeline = ScriptableObject.CreateInstance<TimelineAsset>();
        public readonly SpaceFaceTrack Track;
        public readonly PlayableDirector Director;
        private readonly AnimationModeDriver driver = ScriptableObject.CreateInstance<AnimationModeDriver>();

        public TimelineScene(SpaceFace face)
        {
            Track = Timeline.CreateTrack<SpaceFaceTrack>(null, "Guard");
            Director = new GameObject("cutscene").AddComponent<PlayableDirector>();
            Director.playableAsset = Timeline;
            Director.SetGenericBinding(Track, face);
        }

        public static SpaceClip Clip(byte[] file, string name)
        {
            SpaceClip made = SpaceClip.Of(file);
            made.name = name;
            return made;
        }

        public static void EditMode(bool on) => Loop.IsPlaying = !on;

        /// <summary>What was written in edit mode and would be saved with the scene.</summary>
        public static string[] Dirty => Loop.Dirty.ToArray();

        public static void ForgetDirty() => Loop.Dirty.Clear();

        /// <summary>Shows an instant in edit mode, as Timeline's window does: properties are gathered, then evaluated.</summary>
        public void Scrub(double time)
        {
            if (!AnimationMode.InAnimationMode(driver))
            {
                AnimationMode.StartAnimationMode(driver);
                Track.GatherProperties(Director, new Collector());
                Director.RebuildGraph();
            }
            Director.time = time;
            Director.Evaluate();
        }

        /// <summary>Ends the preview; Timeline destroys the graph before or after the values are put back.</summary>
        public void EndPreview(bool graphFirst)
        {
            if (graphFirst) Director.Stop();
            AnimationMode.StopAnimationMode(driver);
            if (!graphFirst) Director.Stop();
        }

        /// <summary>The sound clips of the timeline, as track, name, start and duration.</summary>
        public string[] Sounds
        {
            get
            {
                var told = new List<string>();
                foreach (TrackAsset track in Timeline.GetOutputTracks())
                    if (track is AudioTrack)
                        foreach (TimelineClip clip in track.GetClips())
                            told.Add($"{track.name}: {clip.displayName} {clip.start:0.###} {clip.duration:0.###}");
                return told.ToArray();
            }
        }

        /// <summary>Drops a line on the track at a time, as the window does; the file of its name beside it is its sound.</summary>
        public TimelineClip Drop(SpaceClip line, AudioClip sound, double start)
        {
            AssetDatabase.Assets["Assets/vo/hello.spaceclip"] = line;
            if (sound) AssetDatabase.Assets["Assets/vo/hello.wav"] = sound;
            TimelineClip made = Track.CreateClip<SpaceTimelineClip>();
            made.start = start;
            new SpaceTimelineClipEditor().OnCreate(made, Track, null);
            ((SpaceTimelineClip)made.asset).Clip = line;
            EditorApplication.Tick(0.1);
            AssetDatabase.Assets.Clear();
            return made;
        }

        /// <summary>What the window shows on a clip: its error, its tooltip, how many bars were drawn.</summary>
        public static string[] Drawn(TimelineClip clip)
        {
            var editor = new SpaceTimelineClipEditor();
            ClipDrawOptions options = editor.GetClipOptions(clip);
            EditorGUI.Drawn = 0;
            editor.DrawBackground(clip, new ClipBackgroundRegion(new Rect(0, 0, 100, 20), 0, clip.duration));
            return new[] { options.errorText ?? "", options.tooltip ?? "", EditorGUI.Drawn.ToString() };
        }

        private sealed class Collector : IPropertyCollector
        {
            public void AddFromClip(GameObject obj, AnimationClip clip)
            {
                foreach (EditorCurveBinding each in AnimationUtility.GetCurveBindings(clip))
                    AnimationMode.AddEditorCurveBinding(obj, each);
            }

            public void AddFromName<T>(GameObject obj, string name) where T : Component =>
                AnimationMode.AddBone(obj.transform, name);
        }
    }
}
