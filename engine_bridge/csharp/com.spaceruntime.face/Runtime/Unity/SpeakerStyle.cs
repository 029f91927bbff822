using System;
using SpaceRuntime.Protocol;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>A character's manner of speaking, and its gaze and blinks meanwhile.</summary>
    [Serializable]
    public sealed class SpeakerStyle
    {
        /// <summary>A label of the server: happy, sad, angry, fearful, disgusted, surprised, contempt; empty: none.</summary>
        public string Emotion = "";

        /// <summary>Intensity of the emotion.</summary>
        [Range(0, 1)] public float Intensity = 0.7f;

        /// <summary>A style: articulate, mumble, reader_man, reader_woman, orator; empty: the mean of all people.</summary>
        public string Style = "";

        /// <summary>Weight of the style.</summary>
        [Range(0, 1)] public float StyleWeight = 1;

        /// <summary>Strength of the mouth's motion.</summary>
        [Range(0, 2)] public float Mouth = 1;

        /// <summary>Strength of the motion of the rest of the face.</summary>
        [Range(0, 2)] public float Expression = 1;

        /// <summary>Strength with which brows rise on stressed syllables.</summary>
        [Range(0, 2)] public float Brows = 1;

        /// <summary>Strength of the head's motion.</summary>
        [Range(0, 2)] public float Head = 1;

        /// <summary>Pace of the head's motion.</summary>
        [Range(0.5f, 2)] public float HeadTempo = 1;

        /// <summary>Degrees by which the head is turned beside its motion: + is the character's left.</summary>
        [Range(-25, 25), Tooltip("Degrees by which the head is turned beside its motion: + is the character's left.")]
        public float HeadYaw;

        /// <summary>The same up and down: + is down.</summary>
        [Range(-15, 15), Tooltip("Degrees by which the head is turned up or down beside its motion: + is down.")]
        public float HeadPitch;

        /// <summary>The same tilted: + is to the character's right shoulder.</summary>
        [Range(-20, 20), Tooltip("Degrees by which the head is tilted beside its motion: + is to its right shoulder.")]
        public float HeadRoll;

        /// <summary>Strength of the eyes' small shifts and glances.</summary>
        [Range(0, 2)] public float Saccades = 1;

        /// <summary>Blinks a minute.</summary>
        [Range(0, 120)] public float BlinksPerMinute = 17;

        /// <summary>Seed of blinks, glances and sway: the same seed gives the same face; 0: another one for each line.</summary>
        [Min(0)] public int Seed;

        /// <summary>Returns the controls of the protocol.</summary>
        public Controls ToControls() => new Controls
        {
            Emotion = Mix(Emotion, Intensity),
            Style = Mix(Style, StyleWeight),
            MouthStrength = Mouth,
            ExpressionStrength = Expression,
            BrowStrength = Brows,
            HeadStrength = Head,
            HeadTempo = HeadTempo,
            HeadOffset = Offset(HeadYaw, HeadPitch, HeadRoll),
            SaccadeStrength = Saccades,
            BlinksPerMinute = BlinksPerMinute,
            Seed = Seed > 0 ? (ulong)Seed : (ulong?)null,
        };

        /// <summary>Radians within the limits, whatever a script wrote to the fields; empty: none.</summary>
        private static float[] Offset(float yaw, float pitch, float roll)
        {
            var offset = new[] { Radians(yaw, 25), Radians(pitch, 15), Radians(roll, 20) };
            return Array.TrueForAll(offset, angle => angle == 0) ? Array.Empty<float>() : offset;
        }

        private static float Radians(float degrees, float limit) =>
            float.IsNaN(degrees) ? 0 : Mathf.Clamp(degrees, -limit, limit) * Mathf.Deg2Rad;

        private static NamedValue[] Mix(string name, float amount) =>
            string.IsNullOrEmpty(name) ? Array.Empty<NamedValue>() : new[] { new NamedValue(name, amount) };
    }
}
