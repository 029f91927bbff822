using System;
using UnityEngine;
using UnityEngine.Events;

namespace SpaceRuntime
{
    /// <summary>
    /// Something that has a face for every frame: a baked clip or a live speaker. <see cref="SpaceFace"/>,
    /// others show what it has.
    /// </summary>
    public abstract class SpacePoseSource : MonoBehaviour
    {
        [SerializeField, Tooltip("A line begins: its sound and its face.")]
        private UnityEvent started = new UnityEvent();

        [SerializeField, Tooltip("A line is over.")]
        private UnityEvent finished = new UnityEvent();

        [SerializeField, Tooltip("The face came too late for the sound, by so many milliseconds.")]
        private UnityEvent<float> underrun = new UnityEvent<float>();

        [SerializeField, Tooltip("Something went wrong, in a sentence.")]
        private UnityEvent<string> error = new UnityEvent<string>();

        /// <summary>The face of this frame; written in LateUpdate, before the order 1000.</summary>
        public FacePose Pose { get; } = new FacePose();

        /// <summary>Names of the weights of <see cref="Pose"/>, in their order; empty while unknown.</summary>
        public abstract string[] Blendshapes { get; }

        /// <summary>True from the begin of a line to its end.</summary>
        public abstract bool IsSpeaking { get; }

        /// <summary>The position in the line's sound, in seconds.</summary>
        public abstract double Seconds { get; }

        /// <summary>A line begins.</summary>
        public UnityEvent Started => started;

        /// <summary>A line is over.</summary>
        public UnityEvent Finished => finished;

        /// <summary>The face came too late for the sound, by so many milliseconds.</summary>
        public UnityEvent<float> Underrun => underrun;

        /// <summary>Something went wrong, in a sentence.</summary>
        public UnityEvent<string> Error => error;

        /// <summary>Tells an error: as an event, and in the console.</summary>
        protected void Tell(string sentence)
        {
            Debug.LogWarning($"SPACE: {sentence}", this);
            error.Invoke(sentence);
        }

        internal static readonly string[] NoNames = Array.Empty<string>();
    }
}
