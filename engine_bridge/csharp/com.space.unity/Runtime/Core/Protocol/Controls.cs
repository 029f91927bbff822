namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// How a face behaves. Everything is optional: null leaves the server's default, or in <c>set</c> what was before.
    /// </summary>
    public sealed class Controls
    {
        /// <summary>Seed of blinks and sway, below 2⁶³; the same seed gives the same face. Not allowed in <c>set</c>.</summary>
        public ulong? Seed;

        /// <summary>Emotion labels with intensities 0 … 1.</summary>
        public NamedValue[] Emotion;

        /// <summary>Strength of the mouth's movement, 0 … 2.</summary>
        public float? Mouth;

        /// <summary>Strength of the other expression, 0 … 2.</summary>
        public float? Expression;

        /// <summary>Blinks a minute, 0 … 120.</summary>
        public float? Blinks;

        /// <summary>Yaw and pitch of the gaze in radians; an empty array: eye contact.</summary>
        public float[] Gaze;

        /// <summary>A point both eyes look at (x, y, z); an empty array: none.</summary>
        public float[] LookAt;

        /// <summary><c>keep</c> or <c>idle</c>.</summary>
        public string Head;

        /// <summary>Strength of the head's movement, 0 … 2.</summary>
        public float? HeadStrength;

        /// <summary>Strength with which brows and upper lids rise on stressed syllables, 0 … 2.</summary>
        public float? Brows;

        /// <summary>
        /// Strength of the small shifts of a gaze that keeps eye contact, and of glances aside, 0 … 2.
        /// </summary>
        public float? Saccades;

        /// <summary>Shows the fields to a visitor, in canonical order.</summary>
        public void Visit(FieldVisitor visitor, bool withSeed)
        {
            if (withSeed) visitor.U64("seed", ref Seed);
            visitor.Values("emotion", ref Emotion);
            visitor.F32("mouth", ref Mouth);
            visitor.F32("expression", ref Expression);
            visitor.F32("blinks", ref Blinks);
            visitor.Floats("gaze", ref Gaze, 2, true);
            visitor.Floats("look_at", ref LookAt, 3, true);
            visitor.Text("head", ref Head, false);
            visitor.F32("head_strength", ref HeadStrength);
            visitor.F32("brows", ref Brows);
            visitor.F32("saccades", ref Saccades);
        }

        /// <summary>Returns a copy; the arrays are shared, since nothing writes into them.</summary>
        public Controls Copy() => (Controls)MemberwiseClone();

        /// <summary>Takes over what <paramref name="later"/> says; what it leaves open stays. The seed stays, too.</summary>
        public void Merge(Controls later)
        {
            Emotion = later.Emotion ?? Emotion;
            Mouth = later.Mouth ?? Mouth;
            Expression = later.Expression ?? Expression;
            Blinks = later.Blinks ?? Blinks;
            Gaze = later.Gaze ?? Gaze;
            LookAt = later.LookAt ?? LookAt;
            Head = later.Head ?? Head;
            HeadStrength = later.HeadStrength ?? HeadStrength;
            Brows = later.Brows ?? Brows;
            Saccades = later.Saccades ?? Saccades;
        }
    }
}
