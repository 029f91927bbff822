// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
using System.Collections.Generic;

namespace SpaceRuntime.Protocol
{
    /// <summary>One control: its names and range, for checks and for user interfaces.</summary>
    public readonly struct ControlField
    {
        /// <summary>Describes a control.</summary>
        public ControlField(string name, string key, float least, float most)
        {
            Name = name;
            Key = key;
            Least = least;
            Most = most;
        }

        /// <summary>Its member of <see cref="Controls"/>.</summary>
        public string Name { get; }

        /// <summary>Its name on the wire.</summary>
        public string Key { get; }

        /// <summary>The least allowed number; minus infinity where any is.</summary>
        public float Least { get; }

        /// <summary>The greatest allowed number; infinity where any is.</summary>
        public float Most { get; }
    }

    /// <summary>All controls, in canonical order.</summary>
    public static class ControlFields
    {
        /// <summary>One entry a control.</summary>
        public static readonly IReadOnlyList<ControlField> All = new[]
        {
            new ControlField("Seed", "seed", float.NegativeInfinity, float.PositiveInfinity),
            new ControlField("Emotion", "emotion", 0f, 1f),
            new ControlField("MouthStrength", "mouth", 0f, 2f),
            new ControlField("ExpressionStrength", "expression", 0f, 2f),
            new ControlField("BlinksPerMinute", "blinks", 0f, 120f),
            new ControlField("GazeRad", "gaze", -0.610865238f, 0.610865238f),
            new ControlField("LookAt", "look_at", -10000f, 10000f),
            new ControlField("HeadMode", "head", float.NegativeInfinity, float.PositiveInfinity),
            new ControlField("HeadStrength", "head_strength", 0f, 2f),
            new ControlField("BrowStrength", "brows", 0f, 2f),
            new ControlField("SaccadeStrength", "saccades", 0f, 2f),
            new ControlField("Drive", "drive", 0f, 2f),
            new ControlField("LookSpace", "look_space", float.NegativeInfinity, float.PositiveInfinity),
            new ControlField("HeadFollow", "follow", 0f, 2f),
            new ControlField("EyeContact", "eye_contact", 0f, 1f),
            new ControlField("Blink", "blink", 0f, 60f),
            new ControlField("HeadTempo", "head_tempo", 0.5f, 2f),
            new ControlField("Style", "style", 0f, 1f),
            new ControlField("HeadOffset", "head_offset", -0.436332313f, 0.436332313f),
        };
    }
}
