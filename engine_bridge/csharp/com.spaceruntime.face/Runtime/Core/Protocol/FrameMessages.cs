using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>Server: the first frame of a stream follows.</summary>
    public sealed class StartedMessage : StreamMessage
    {
        /// <summary>Its media time in samples.</summary>
        public double Sample;

        /// <inheritdoc/>
        public override string Type => "started";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.F64("sample", ref Sample);
        }
    }

    /// <summary>Server: one animation instant; its outputs stand in <c>Generated/OutputFields.cs</c>.</summary>
    public sealed partial class FrameMessage : StreamMessage
    {
        /// <summary>Sequence number over all streams of the session.</summary>
        public uint Seq;

        /// <summary>Number within the stream.</summary>
        public uint Index;

        /// <summary>Media time in samples.</summary>
        public double Sample;

        /// <summary>The share of speech in it, 0 … 1.</summary>
        public float Speech;

        /// <inheritdoc/>
        public override string Type => "frame";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U32("seq", ref Seq);
            visitor.U32("index", ref Index);
            visitor.F64("sample", ref Sample);
            visitor.F32("speech", ref Speech);
            VisitOutputs(visitor);
        }
    }

    /// <summary>Server: the picture of a frame.</summary>
    public sealed class TextureMessage : StreamMessage
    {
        /// <summary>The frame's number.</summary>
        public uint Index;

        /// <summary>Media time in samples.</summary>
        public double Sample;

        /// <summary><c>rgb</c>, <c>jpeg</c> or <c>webp</c>.</summary>
        public string Format;

        /// <summary>Pixels of a row.</summary>
        public uint Width;

        /// <summary>Rows.</summary>
        public uint Height;

        /// <summary>The picture; lies in the bytes that were read.</summary>
        public ArraySegment<byte> Pixels;

        /// <inheritdoc/>
        public override string Type => "texture";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U32("index", ref Index);
            visitor.F64("sample", ref Sample);
            visitor.Text("format", ref Format, true);
            visitor.U32("width", ref Width);
            visitor.U32("height", ref Height);
            visitor.Binary("pixels", ref Pixels, true);
        }
    }

    /// <summary>Server: sound came too late.</summary>
    public sealed class UnderrunMessage : StreamMessage
    {
        /// <summary>Its media time in samples.</summary>
        public double Sample;

        /// <summary>By how many milliseconds.</summary>
        public uint LateMs;

        /// <inheritdoc/>
        public override string Type => "underrun";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.F64("sample", ref Sample);
            visitor.U32("late_ms", ref LateMs);
        }
    }

    /// <summary>Server: one sentence for people about a stream's sound. Nothing ends.</summary>
    public sealed class NoticeMessage : StreamMessage
    {
        /// <summary>The sentence.</summary>
        public string Text;

        /// <inheritdoc/>
        public override string Type => "notice";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.Text("message", ref Text, true);
        }
    }

    /// <summary>Server: the last message of a stream.</summary>
    public sealed class FinishedMessage : StreamMessage
    {
        /// <summary><c>end</c>, <c>interrupted</c>, <c>replaced</c> or <c>failed</c>.</summary>
        public string Reason;

        /// <summary>Media time at which the stream ended.</summary>
        public double Sample;

        /// <summary>Frames that were sent.</summary>
        public uint Frames;

        /// <summary>Frames that were made but came too late.</summary>
        public uint Dropped;

        /// <inheritdoc/>
        public override string Type => "finished";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.Text("reason", ref Reason, true);
            visitor.F64("sample", ref Sample);
            visitor.U32("frames", ref Frames);
            visitor.U32("dropped", ref Dropped);
        }
    }
}
