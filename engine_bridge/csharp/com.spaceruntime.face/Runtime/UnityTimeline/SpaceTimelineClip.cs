using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace SpaceRuntime
{
    /// <summary>A baked line on a <see cref="SpaceFaceTrack"/>, as long as it is.</summary>
    public sealed class SpaceTimelineClip : PlayableAsset, ITimelineClipAsset
    {
        [SerializeField, Tooltip("The baked clip: an imported hello.spaceclip.")]
        private SpaceClip clip = null;

        /// <summary>The baked line; null: rest.</summary>
        public SpaceClip Clip
        {
            get => clip;
            set => clip = value;
        }

        /// <summary>It can be cut at the begin, played at another speed, and blended.</summary>
        public ClipCaps clipCaps => ClipCaps.ClipIn | ClipCaps.SpeedMultiplier | ClipCaps.Blending;

        /// <inheritdoc/>
        public override double duration => clip ? clip.Seconds : base.duration;

        /// <inheritdoc/>
        public override Playable CreatePlayable(PlayableGraph graph, GameObject owner)
        {
            ScriptPlayable<SpaceFaceBehaviour> made = ScriptPlayable<SpaceFaceBehaviour>.Create(graph);
            made.GetBehaviour().Clip = clip ? clip.Face : null;
            return made;
        }
    }
}
