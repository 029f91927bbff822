// A stand-in for the part of com.unity.timeline that the package uses, for tests. Members that it lacks are internal.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using UnityEngine.Playables;

[assembly: InternalsVisibleTo("Space.UnityTests")]

namespace UnityEngine.Timeline
{
    [Flags]
    public enum ClipCaps
    {
        None = 0,
        Looping = 1,
        Extrapolation = 2,
        ClipIn = 4,
        SpeedMultiplier = 8,
        Blending = 16,
    }

    public interface ITimelineClipAsset
    {
        ClipCaps clipCaps { get; }
    }

    public class TrackColorAttribute : Attribute
    {
        public TrackColorAttribute(float r, float g, float b)
        {
        }
    }

    public class TrackClipTypeAttribute : Attribute
    {
        public TrackClipTypeAttribute(Type clipClass)
        {
        }
    }

    public class TrackBindingTypeAttribute : Attribute
    {
        public TrackBindingTypeAttribute(Type type)
        {
        }
    }

    public interface IPropertyCollector
    {
        void AddFromClip(GameObject obj, AnimationClip clip);

        void AddFromName<T>(GameObject obj, string name) where T : Component;
    }

    public class TimelineClip
    {
        internal Node Node;

        public double start { get; set; }

        public double duration { get; set; }

        public double clipIn { get; set; }

        public double timeScale { get; set; } = 1;

        public double easeInDuration { get; set; }

        public double easeOutDuration { get; set; }

        public double end => start + duration;

        public string displayName { get; set; }

        public Object asset { get; set; }

        /// <summary>Its weight among the clips of its track: overlaps are blended, linearly here.</summary>
        internal float WeightAt(double time, List<TimelineClip> all)
        {
            if (time < start || time >= end) return 0;
            double fadeIn = easeInDuration, fadeOut = easeOutDuration;
            foreach (TimelineClip other in all)
            {
                if (other.start < start && other.end > start) fadeIn = other.end - start;
                if (other.start > start && other.start < end) fadeOut = end - other.start;
            }
            double weight = 1;
            if (fadeIn > 0) weight = Math.Min(weight, (time - start) / fadeIn);
            if (fadeOut > 0) weight = Math.Min(weight, (end - time) / fadeOut);
            return (float)weight;
        }
    }

    public abstract class TrackAsset : PlayableAsset
    {
        internal readonly List<TimelineClip> Clips = new List<TimelineClip>();
        internal Playable Mixer;

        public TimelineAsset timelineAsset { get; internal set; }

        public IEnumerable<TimelineClip> GetClips() => Clips;

        public TimelineClip CreateClip<T>() where T : ScriptableObject => Add(CreateInstance<T>());

        public virtual Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) => default;

        public virtual void GatherProperties(PlayableDirector director, IPropertyCollector driver)
        {
        }

        public sealed override Playable CreatePlayable(PlayableGraph graph, GameObject owner) => default;

        internal TimelineClip Add(ScriptableObject asset)
        {
            var made = new TimelineClip { asset = asset, duration = 5 };
            Clips.Add(made);
            return made;
        }

        internal void Build(PlayableDirector director, PlayableGraph graph)
        {
            Mixer = CreateTrackMixer(graph, director.gameObject, Clips.Count);
            if (Mixer.Node == null) return;
            foreach (TimelineClip clip in Clips)
            {
                clip.Node = ((PlayableAsset)clip.asset).CreatePlayable(graph, director.gameObject).Node;
                Mixer.Node.Inputs.Add(clip.Node);
            }
        }

        internal void Process(PlayableDirector director, double time)
        {
            if (Mixer.Node == null) return;
            for (int i = 0; i < Clips.Count; i++)
            {
                TimelineClip clip = Clips[i];
                Mixer.Node.Weights[i] = clip.WeightAt(time, Clips);
                clip.Node.Time = (time - clip.start) * clip.timeScale + clip.clipIn;
            }
            Mixer.Node.Behaviour.ProcessFrame(Mixer, default, director.GetGenericBinding(this));
        }
    }

    public class AudioPlayableAsset : PlayableAsset
    {
        public AudioClip clip { get; set; }

        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner) => default;
    }

    public class AudioTrack : TrackAsset
    {
        public TimelineClip CreateClip(AudioClip clip)
        {
            TimelineClip made = CreateClip<AudioPlayableAsset>();
            ((AudioPlayableAsset)made.asset).clip = clip;
            made.duration = clip.length;
            made.displayName = clip.name;
            return made;
        }
    }

    public class TimelineAsset : PlayableAsset, ITracks
    {
        private readonly List<TrackAsset> tracks = new List<TrackAsset>();

        public override double duration
        {
            get
            {
                double last = 0;
                foreach (TrackAsset track in tracks)
                    foreach (TimelineClip clip in track.Clips) last = Math.Max(last, clip.end);
                return last;
            }
        }

        public IEnumerable<TrackAsset> GetOutputTracks() => tracks;

        public T CreateTrack<T>(TrackAsset parent, string trackName) where T : TrackAsset, new()
        {
            var made = CreateInstance<T>();
            made.name = trackName;
            made.timelineAsset = this;
            tracks.Add(made);
            return made;
        }

        public override Playable CreatePlayable(PlayableGraph graph, GameObject go) => default;

        void ITracks.Build(PlayableDirector director, PlayableGraph graph)
        {
            foreach (TrackAsset track in tracks) track.Build(director, graph);
        }

        void ITracks.Process(PlayableDirector director, double time)
        {
            for (int i = 0; i < tracks.Count; i++) tracks[i].Process(director, time);
        }

        void ITracks.Pause()
        {
            foreach (TrackAsset track in tracks) track.Mixer.Node?.Behaviour.OnBehaviourPause(track.Mixer, default);
        }
    }
}
