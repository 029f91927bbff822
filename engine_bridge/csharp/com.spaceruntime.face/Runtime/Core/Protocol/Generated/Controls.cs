// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
namespace SpaceRuntime.Protocol
{
    /// <summary>The controls of a face. null leaves the server's default, or in <c>set</c> what was before.</summary>
    public sealed class Controls
    {
        /// <summary>
        /// Seed of blinks, glances and sway: the same seed gives the same face. Default: one of its own for each
        /// stream. Given with the beginning of a stream alone.
        /// </summary>
        public ulong? Seed;

        /// <summary>Intensities of the labels in <c>welcome.emotions</c>, 0…1. Default: none.</summary>
        public NamedValue[] Emotion;

        /// <summary>Strength of the mouth's motion, 0…2. Default: 1.</summary>
        public float? MouthStrength;

        /// <summary>Strength of the motion of the rest of the face, 0…2. Default: 1.</summary>
        public float? ExpressionStrength;

        /// <summary>Mean rate of blinks, a minute, 0…120. Default: 17.</summary>
        public float? BlinksPerMinute;

        /// <summary>
        /// Yaw and pitch of both eyes in the head (no values: eye contact), radians, -0.610865…0.610865. Default: eye
        /// contact.
        /// </summary>
        public float[] GazeRad;

        /// <summary>
        /// A point (x, y, z) that both eyes look at, wins over the gaze; no values: none, -10000…10000. Default: none.
        /// </summary>
        public float[] LookAt;

        /// <summary>
        /// Source of the head's motion: <c>keep</c> or <c>idle</c> or <c>speech</c> or <c>listen</c>. Default: speech.
        /// </summary>
        public string HeadMode;

        /// <summary>Strength of the head's motion, 0…2. Default: 1.</summary>
        public float? HeadStrength;

        /// <summary>Strength with which brows and upper lids rise on stressed syllables, 0…2. Default: 1.</summary>
        public float? BrowStrength;

        /// <summary>
        /// Strength of the small shifts of a gaze that keeps eye contact, and of glances aside, 0…2. Default: 1.
        /// </summary>
        public float? SaccadeStrength;

        /// <summary>
        /// Strengths with which parts of the face follow a driver, where the stream has one: head, blinks, gaze, brows,
        /// expression, mouth; up to 1 his share against speech, beyond 1 his motion grows (no values: the default),
        /// 0…2. Default: 1 1 1 1 1 0.
        /// </summary>
        public float[] Drive;

        /// <summary>
        /// Space of <c>look_at</c>: fixed to the moving face, to the character, or to the portrait's camera:
        /// <c>face</c> or <c>character</c> or <c>camera</c>. Default: face.
        /// </summary>
        public string LookSpace;

        /// <summary>
        /// Part that the head takes of a look at a point of the character's or the camera's space, 0…2. Default: 1.
        /// </summary>
        public float? HeadFollow;

        /// <summary>
        /// Share by which a portrait that looks aside in its photo looks into the camera instead, 0…1. Default: 0.
        /// </summary>
        public float? EyeContact;

        /// <summary>
        /// One blink, now: how far the lids shut, 0…1, and for how many seconds they stay so (a usual blink: 1, 0.04),
        /// 0…60. Default: none.
        /// </summary>
        public float[] Blink;

        /// <summary>Pace of the head's own motion, 0.5…2. Default: 1.</summary>
        public float? HeadTempo;

        /// <summary>
        /// Weights of styles of speaking: articulate, mumble, reader_man, reader_woman, orator (no values: the mean of
        /// all people), 0…1. Default: none.
        /// </summary>
        public NamedValue[] Style;

        /// <summary>
        /// Constant yaw, pitch and roll by which the head is turned beside its motion, radians, within ±25°, ±15° and
        /// ±20° (no values: none), -0.436332…0.436332. Default: none.
        /// </summary>
        public float[] HeadOffset;

        /// <summary>Shows the fields to a visitor, in canonical order.</summary>
        public void Visit(FieldVisitor visitor, bool withSeed)
        {
            if (withSeed) visitor.U64("seed", ref Seed);
            visitor.Values("emotion", ref Emotion);
            visitor.F32("mouth", ref MouthStrength);
            visitor.F32("expression", ref ExpressionStrength);
            visitor.F32("blinks", ref BlinksPerMinute);
            visitor.Floats("gaze", ref GazeRad, 2, true);
            visitor.Floats("look_at", ref LookAt, 3, true);
            visitor.Text("head", ref HeadMode, false);
            visitor.F32("head_strength", ref HeadStrength);
            visitor.F32("brows", ref BrowStrength);
            visitor.F32("saccades", ref SaccadeStrength);
            visitor.Floats("drive", ref Drive, 6, true);
            visitor.Text("look_space", ref LookSpace, false);
            visitor.F32("follow", ref HeadFollow);
            visitor.F32("eye_contact", ref EyeContact);
            visitor.Floats("blink", ref Blink, 2, true);
            visitor.F32("head_tempo", ref HeadTempo);
            visitor.Values("style", ref Style);
            visitor.Floats("head_offset", ref HeadOffset, 3, true);
        }

        /// <summary>Returns a copy; the arrays are shared, since nothing writes into them.</summary>
        public Controls Copy() => (Controls)MemberwiseClone();

        /// <summary>Takes over what <paramref name="later"/> says; the rest stays, and the seed.</summary>
        public void Merge(Controls later)
        {
            Emotion = later.Emotion ?? Emotion;
            MouthStrength = later.MouthStrength ?? MouthStrength;
            ExpressionStrength = later.ExpressionStrength ?? ExpressionStrength;
            BlinksPerMinute = later.BlinksPerMinute ?? BlinksPerMinute;
            GazeRad = later.GazeRad ?? GazeRad;
            LookAt = later.LookAt ?? LookAt;
            HeadMode = later.HeadMode ?? HeadMode;
            HeadStrength = later.HeadStrength ?? HeadStrength;
            BrowStrength = later.BrowStrength ?? BrowStrength;
            SaccadeStrength = later.SaccadeStrength ?? SaccadeStrength;
            Drive = later.Drive ?? Drive;
            LookSpace = later.LookSpace ?? LookSpace;
            HeadFollow = later.HeadFollow ?? HeadFollow;
            EyeContact = later.EyeContact ?? EyeContact;
            Blink = later.Blink ?? Blink;
            HeadTempo = later.HeadTempo ?? HeadTempo;
            Style = later.Style ?? Style;
            HeadOffset = later.HeadOffset ?? HeadOffset;
        }
    }
}
