using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace SpaceRuntime
{
    /// <summary>
    /// A Timeline track of baked lines on one face, and on the <see cref="SpaceHead"/> beside it. Lines that overlap are blended.
    /// The sound of a line lies on an audio track, at the same time.
    /// </summary>
    [TrackColor(0.36f, 0.68f, 0.87f)]
    [TrackClipType(typeof(SpaceTimelineClip))]
    [TrackBindingType(typeof(SpaceFace))]
    public sealed class SpaceFaceTrack : TrackAsset
    {
        /// <inheritdoc/>
        public override Playable CreateTrackMixer(PlayableGraph graph, GameObject go, int inputCount) =>
            ScriptPlayable<SpaceFaceMixer>.Create(graph, inputCount);

        /// <summary>Names what a preview in edit mode writes, so that Timeline puts it back.</summary>
        public override void GatherProperties(PlayableDirector director, IPropertyCollector driver)
        {
            base.GatherProperties(director, driver);
            var face = director.GetGenericBinding(this) as SpaceFace;
            if (!face || Application.isPlaying) return;
            face.CollectShapes(driver.AddFromClip);
            SpaceHead head = SpaceHead.Of(face);
            if (head) head.CollectBones(bone => driver.AddFromName<Transform>(bone.gameObject, "m_LocalRotation"));
        }

        /// <summary>Adds a line at a time: its face here, its sound (which may be null) on the audio track of this one.</summary>
        public TimelineClip AddLine(SpaceClip line, AudioClip sound, double start)
        {
            TimelineClip made = CreateClip<SpaceTimelineClip>();
            ((SpaceTimelineClip)made.asset).Clip = line;
            made.start = start;
            made.duration = line.Seconds;
            made.displayName = line.name;
            if (sound) AddSound(sound, start);
            return made;
        }

        /// <summary>Adds a sound at a time to the audio track that belongs to this one, which is made if there is none.</summary>
        public TimelineClip AddSound(AudioClip sound, double start)
        {
            TimelineClip made = SoundTrack().CreateClip(sound);
            made.start = start;
            return made;
        }

        private AudioTrack SoundTrack()
        {
            string wanted = $"{name} (sound)";
            foreach (TrackAsset each in timelineAsset.GetOutputTracks())
                if (each is AudioTrack found && found.name == wanted) return found;
            return timelineAsset.CreateTrack<AudioTrack>(null, wanted);
        }
    }
}
