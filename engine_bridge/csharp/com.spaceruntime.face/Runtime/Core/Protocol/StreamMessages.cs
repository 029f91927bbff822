using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>Client: begins a stream of pushed sound.</summary>
    public sealed class StartMessage : StreamMessage
    {
        /// <summary>Samples per second.</summary>
        public uint Rate;

        /// <summary><c>s16</c> or <c>f32</c>.</summary>
        public string Format;

        /// <summary>Interleaved channels, 1 … 8; absent: 1.</summary>
        public uint? Channels;

        /// <summary>Position in the sound at which pushing begins; absent: 0.</summary>
        public ulong? FirstSample;

        /// <summary><c>live</c> or <c>clip</c>; absent: live.</summary>
        public string Pace;

        /// <summary>Behaviour of the face.</summary>
        public Controls Controls = new Controls();

        /// <inheritdoc/>
        public override string Type => "start";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U32("rate", ref Rate);
            visitor.Text("format", ref Format, true);
            visitor.U32("channels", ref Channels);
            visitor.U64("first_sample", ref FirstSample);
            visitor.Text("pace", ref Pace, false);
            Controls.Visit(visitor, true);
        }
    }

    /// <summary>Client: a chunk of the stream's sound.</summary>
    public sealed class AudioMessage : StreamMessage
    {
        /// <summary>Index of its first sample, per channel.</summary>
        public ulong FirstSample;

        /// <summary>The samples.</summary>
        public ArraySegment<byte> Pcm;

        /// <inheritdoc/>
        public override string Type => "audio";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U64("first_sample", ref FirstSample);
            visitor.Binary("pcm", ref Pcm, true);
        }
    }

    /// <summary>Client: a stream whose sound is a whole file, sent along or named.</summary>
    public sealed class SpeakMessage : StreamMessage
    {
        /// <summary>The file's bytes.</summary>
        public ArraySegment<byte> Sound;

        /// <summary>Its name under the server's sound folder.</summary>
        public string Asset;

        /// <summary><c>live</c> or <c>clip</c>; absent: live.</summary>
        public string Pace;

        /// <summary>Behaviour of the face.</summary>
        public Controls Controls = new Controls();

        /// <inheritdoc/>
        public override string Type => "speak";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.Binary("sound", ref Sound, false);
            visitor.Text("asset", ref Asset, false);
            visitor.Text("pace", ref Pace, false);
            Controls.Visit(visitor, true);
        }
    }

    /// <summary>Client: a stream of silence.</summary>
    public sealed class IdleMessage : StreamMessage
    {
        /// <summary>Behaviour of the face.</summary>
        public Controls Controls = new Controls();

        /// <inheritdoc/>
        public override string Type => "idle";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            Controls.Visit(visitor, true);
        }
    }

    /// <summary>Client: controls from a media time on; absent ones stay.</summary>
    public sealed class SetMessage : StreamMessage
    {
        /// <summary>The media time.</summary>
        public ulong AtSample;

        /// <summary>Length of the crossfade in milliseconds; absent: 200.</summary>
        public uint? FadeMs;

        /// <summary>Behaviour of the face.</summary>
        public Controls Controls = new Controls();

        /// <inheritdoc/>
        public override string Type => "set";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U64("at_sample", ref AtSample);
            visitor.U32("fade_ms", ref FadeMs);
            Controls.Visit(visitor, false);
        }
    }

    /// <summary>Client: rows of motion that drive the stream's face.</summary>
    public sealed class MotionMessage : StreamMessage
    {
        /// <summary>Numbers of a row: time, confidence, weights, six of the head, four of the eyes.</summary>
        public const int RowNumbers = 64;

        /// <summary>Weights of a row.</summary>
        public const int Weights = 52;

        /// <summary>Rows of one message at most.</summary>
        public const int MostRows = 250;

        /// <summary>The latest time.</summary>
        public const double LastSample = 9007199254740992;

        /// <summary>The latest time after <see cref="AtSample"/>.</summary>
        public const double LastOffset = 16777216;

        /// <summary>The media time from which those of the rows count.</summary>
        public ulong AtSample;

        /// <summary>The rows, one after the other.</summary>
        public float[] Rows = Array.Empty<float>();

        /// <inheritdoc/>
        public override string Type => "motion";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U64("at_sample", ref AtSample);
            visitor.FloatGroups("rows", ref Rows, RowNumbers);
        }
    }

    /// <summary>Client: the stream's sound is over.</summary>
    public sealed class EndMessage : StreamMessage
    {
        /// <summary>Its number of samples.</summary>
        public ulong SampleCount;

        /// <inheritdoc/>
        public override string Type => "end";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U64("n_samples", ref SampleCount);
        }
    }

    /// <summary>Client: stop at a media time and blend to rest.</summary>
    public sealed class InterruptMessage : StreamMessage
    {
        /// <summary>The media time.</summary>
        public ulong AtSample;

        /// <summary>Length of the blend in milliseconds.</summary>
        public uint FadeMs;

        /// <inheritdoc/>
        public override string Type => "interrupt";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U64("at_sample", ref AtSample);
            visitor.U32("fade_ms", ref FadeMs);
        }
    }
}
