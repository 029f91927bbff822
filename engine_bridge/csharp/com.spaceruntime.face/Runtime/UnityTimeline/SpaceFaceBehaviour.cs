using UnityEngine.Playables;

namespace SpaceRuntime
{
    /// <summary>One line in a graph that plays; the mixer asks it for its clip.</summary>
    public sealed class SpaceFaceBehaviour : PlayableBehaviour
    {
        /// <summary>The line; null: rest.</summary>
        public FaceClip Clip { get; set; }
    }
}
