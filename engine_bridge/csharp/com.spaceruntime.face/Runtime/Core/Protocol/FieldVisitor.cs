using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Goes through the fields of a message in their canonical order: the reader fills them in, the writer writes them. A
    /// message lists its fields once (<see cref="Message.Visit"/>), and both follow. No reflection, no generic methods:
    /// nothing for an ahead-of-time compiler to miss.
    /// </summary>
    public abstract class FieldVisitor
    {
        /// <summary>A required uint32.</summary>
        public abstract void U32(string key, ref uint value);

        /// <summary>An optional uint32; null is absent.</summary>
        public abstract void U32(string key, ref uint? value);

        /// <summary>A required whole number below 2⁶³.</summary>
        public abstract void U64(string key, ref ulong value);

        /// <summary>An optional whole number below 2⁶³; null is absent.</summary>
        public abstract void U64(string key, ref ulong? value);

        /// <summary>A required finite float32.</summary>
        public abstract void F32(string key, ref float value);

        /// <summary>An optional finite float32; null is absent.</summary>
        public abstract void F32(string key, ref float? value);

        /// <summary>A required finite float64.</summary>
        public abstract void F64(string key, ref double value);

        /// <summary>A text; null is absent.</summary>
        public abstract void Text(string key, ref string value, bool required);

        /// <summary>Bytes; a segment without an array is absent.</summary>
        public abstract void Binary(string key, ref ArraySegment<byte> value, bool required);

        /// <summary>So many finite float32 values, or none if <paramref name="mayBeEmpty"/>; null is absent.</summary>
        public abstract void Floats(string key, ref float[] value, int count, bool mayBeEmpty);

        /// <summary>Any number of groups of <paramref name="group"/> finite float32 values; null is absent.</summary>
        public abstract void FloatGroups(string key, ref float[] value, int group);

        /// <summary>A required array of texts.</summary>
        public abstract void Texts(string key, ref string[] value);

        /// <summary>A required array of uint32.</summary>
        public abstract void U32s(string key, ref uint[] value);

        /// <summary>An optional map from texts to float32; null is absent.</summary>
        public abstract void Values(string key, ref NamedValue[] value);

        /// <summary>A required map from texts to counts.</summary>
        public abstract void Counts(string key, ref NamedCount[] value);
    }

    /// <summary>A message of the protocol. Reading fills its fields; they may be changed until it is written.</summary>
    public abstract class Message
    {
        /// <summary>The name that stands in the field <c>type</c>.</summary>
        public abstract string Type { get; }

        /// <summary>Shows every field to <paramref name="visitor"/>, in canonical order.</summary>
        public abstract void Visit(FieldVisitor visitor);
    }

    /// <summary>A message about a session.</summary>
    public abstract class SessionMessage : Message
    {
        /// <summary>The session's number.</summary>
        public uint Session;

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor) => visitor.U32("session", ref Session);
    }

    /// <summary>A message about a stream of a session.</summary>
    public abstract class StreamMessage : SessionMessage
    {
        /// <summary>The stream's number.</summary>
        public uint Stream;

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            base.Visit(visitor);
            visitor.U32("stream", ref Stream);
        }
    }
}
