using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>Client: asks for a session.</summary>
    public sealed class OpenMessage : Message
    {
        /// <summary>Comes back in the answer.</summary>
        public uint Request;

        /// <summary>Any of <c>weights head eyes landmarks texture</c>.</summary>
        public string[] Outputs;

        /// <summary>Numerator and denominator of the frame rate.</summary>
        public uint[] Fps;

        /// <summary>Time from the push of a sound to its playback, in milliseconds.</summary>
        public uint PlayoutMs;

        /// <summary>Initial credit.</summary>
        public uint Until;

        /// <summary>Name of a picture under the server's portrait folder.</summary>
        public string Character;

        /// <summary>A picture file's bytes.</summary>
        public ArraySegment<byte> Portrait;

        /// <summary><c>rgb</c>, <c>jpeg</c> or <c>webp</c>.</summary>
        public string Texture;

        /// <summary>Time for which the session outlives a silent connection, in milliseconds.</summary>
        public uint? LeaseMs;

        /// <inheritdoc/>
        public override string Type => "open";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.U32("request", ref Request);
            visitor.Texts("outputs", ref Outputs);
            visitor.U32s("fps", ref Fps);
            visitor.U32("playout_ms", ref PlayoutMs);
            visitor.U32("until", ref Until);
            visitor.Text("character", ref Character, false);
            visitor.Binary("portrait", ref Portrait, false);
            visitor.Text("texture", ref Texture, false);
            visitor.U32("lease_ms", ref LeaseMs);
        }
    }

    /// <summary>Server: the session exists.</summary>
    public sealed class OpenedMessage : Message
    {
        /// <summary>The request that is answered.</summary>
        public uint Request;

        /// <summary>The session's number.</summary>
        public uint Session;

        /// <summary>Its secret.</summary>
        public ArraySegment<byte> Token;

        /// <summary>Look-ahead of its frames, in seconds.</summary>
        public double LookAheadSeconds;

        /// <summary>Time for which it outlives a silent connection, in milliseconds.</summary>
        public uint LeaseMs;

        /// <inheritdoc/>
        public override string Type => "opened";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.U32("request", ref Request);
            visitor.U32("session", ref Session);
            visitor.Binary("token", ref Token, true);
            visitor.F64("look_ahead_s", ref LookAheadSeconds);
            visitor.U32("lease_ms", ref LeaseMs);
        }
    }

    /// <summary>Client: takes a session over to this connection.</summary>
    public sealed class ResumeMessage : Message
    {
        /// <summary>Comes back in the answer.</summary>
        public uint Request;

        /// <summary>The session's secret.</summary>
        public ArraySegment<byte> Token;

        /// <inheritdoc/>
        public override string Type => "resume";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.U32("request", ref Request);
            visitor.Binary("token", ref Token, true);
        }
    }

    /// <summary>Server: the session belongs to this connection now.</summary>
    public sealed class ResumedMessage : Message
    {
        /// <summary>The request that is answered.</summary>
        public uint Request;

        /// <summary>The session's number.</summary>
        public uint Session;

        /// <summary>The current, or else the last stream.</summary>
        public uint Stream;

        /// <summary>The first sample that the server has not received.</summary>
        public ulong NextSample;

        /// <summary>Sequence number of the next frame.</summary>
        public uint Seq;

        /// <inheritdoc/>
        public override string Type => "resumed";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.U32("request", ref Request);
            visitor.U32("session", ref Session);
            visitor.U32("stream", ref Stream);
            visitor.U64("next_sample", ref NextSample);
            visitor.U32("seq", ref Seq);
        }
    }

    /// <summary>Client: frames with a smaller sequence number may be sent.</summary>
    public sealed class CreditMessage : SessionMessage
    {
        /// <summary>The first sequence number that may not be sent.</summary>
        public uint Until;

        /// <inheritdoc/>
        public override string Type => "credit";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U32("until", ref Until);
        }
    }

    /// <summary>Client: the session is over.</summary>
    public sealed class CloseMessage : SessionMessage
    {
        /// <inheritdoc/>
        public override string Type => "close";
    }

    /// <summary>Server: the session is gone.</summary>
    public sealed class ClosedMessage : SessionMessage
    {
        /// <summary>An error code, or empty after <c>close</c>.</summary>
        public string Reason;

        /// <inheritdoc/>
        public override string Type => "closed";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.Text("reason", ref Reason, true);
        }
    }
}
