using UnityEngine;
using UnityEngine.Playables;

namespace SpaceRuntime
{
    /// <summary>
    /// Blends the lines of a track and shows them on its face and head. Where the lines weigh less than 1 together, what is below
    /// is seen: a speaker that idles, or rest.
    /// </summary>
    public sealed class SpaceFaceMixer : PlayableBehaviour
    {
        private readonly ClipMix mix = new ClipMix();
        private SpaceFace face;
        private SpaceHead head;

        /// <inheritdoc/>
        public override void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
            Bind(playerData as SpaceFace);
            if (!face) return;
            mix.Begin();
            int count = playable.GetInputCount();
            for (int i = 0; i < count; i++) Add(playable, i);
            mix.End();
            face.ShowPose(mix.Pose, mix.Share);
            if (head) head.ShowPose(mix.Pose, mix.Share);
        }

        /// <summary>A cutscene that is paused gives the face back; in edit mode its preview stays.</summary>
        public override void OnBehaviourPause(Playable playable, FrameData info)
        {
            if (Application.isPlaying) Bind(null);
        }

        /// <inheritdoc/>
        public override void OnPlayableDestroy(Playable playable) => Bind(null);

        private void Add(Playable playable, int input)
        {
            float weight = playable.GetInputWeight(input);
            if (!(weight > 0)) return;
            var line = (ScriptPlayable<SpaceFaceBehaviour>)playable.GetInput(input);
            FaceClip clip = line.GetBehaviour().Clip;
            if (clip != null) mix.Add(clip, line.GetTime(), weight);
        }

        private void Bind(SpaceFace other)
        {
            if (ReferenceEquals(other, face)) return;
            if (face) face.ReleasePose();
            if (head) head.ReleasePose();
            face = other;
            head = face ? SpaceHead.Of(face) : null;
        }
    }
}
