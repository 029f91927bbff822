namespace SpaceRuntime.Protocol
{
    /// <summary>Client: the first message of every connection.</summary>
    public sealed class HelloMessage : Message
    {
        /// <summary>Versions of the protocol that the client speaks.</summary>
        public uint[] Versions;

        /// <summary>The client's name and version.</summary>
        public string Client;

        /// <inheritdoc/>
        public override string Type => "hello";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.U32s("versions", ref Versions);
            visitor.Text("client", ref Client, true);
        }
    }

    /// <summary>Server: the answer to <c>hello</c>.</summary>
    public sealed partial class WelcomeMessage : Message
    {
        /// <summary>The version in use.</summary>
        public uint Version;

        /// <summary>The server's name and version.</summary>
        public string Server;

        /// <summary>The models' name and version.</summary>
        public string Bundle;

        /// <summary>Sound beyond a frame's time that the server must have heard, in seconds.</summary>
        public double LookAheadSeconds;

        /// <summary>Names of the weights, in their order.</summary>
        public string[] Weights;

        /// <summary>Known emotion labels.</summary>
        public string[] Emotions;

        /// <summary>Outputs that <c>open</c> may ask for.</summary>
        public string[] Outputs;

        /// <summary>Texture formats.</summary>
        public string[] Textures;

        /// <summary>The server's limits (PROTOCOL.md, section 6).</summary>
        public NamedCount[] Limits;

        /// <inheritdoc/>
        public override string Type => "welcome";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.U32("version", ref Version);
            visitor.Text("server", ref Server, true);
            visitor.Text("bundle", ref Bundle, true);
            visitor.F64("look_ahead_s", ref LookAheadSeconds);
            visitor.Texts("weights", ref Weights);
            visitor.Texts("emotions", ref Emotions);
            visitor.Texts("outputs", ref Outputs);
            visitor.Texts("textures", ref Textures);
            visitor.Counts("limits", ref Limits);
            VisitOutputCounts(visitor);
        }
    }

    /// <summary>Either side: are you there?</summary>
    public sealed class PingMessage : Message
    {
        /// <summary>Comes back in the <c>pong</c>.</summary>
        public ulong Nonce;

        /// <inheritdoc/>
        public override string Type => "ping";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor) => visitor.U64("nonce", ref Nonce);
    }

    /// <summary>Either side: the answer to <c>ping</c>.</summary>
    public sealed class PongMessage : Message
    {
        /// <summary>The nonce of the <c>ping</c>.</summary>
        public ulong Nonce;

        /// <inheritdoc/>
        public override string Type => "pong";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor) => visitor.U64("nonce", ref Nonce);
    }

    /// <summary>Server: something was refused. Absent numbers: it concerns none in particular.</summary>
    public sealed class ErrorMessage : Message
    {
        /// <summary>For programs, see <see cref="ErrorCodes"/>.</summary>
        public string Code;

        /// <summary>One sentence for people.</summary>
        public string Text;

        /// <summary>The request that was refused.</summary>
        public uint? Request;

        /// <summary>The session concerned.</summary>
        public uint? Session;

        /// <summary>The stream concerned.</summary>
        public uint? Stream;

        /// <inheritdoc/>
        public override string Type => "error";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor)
        {
            visitor.Text("code", ref Code, true);
            visitor.Text("message", ref Text, true);
            visitor.U32("request", ref Request);
            visitor.U32("session", ref Session);
            visitor.U32("stream", ref Stream);
        }
    }

    /// <summary>Server: it is about to stop.</summary>
    public sealed class ByeMessage : Message
    {
        /// <summary>Why.</summary>
        public string Reason;

        /// <inheritdoc/>
        public override string Type => "bye";

        /// <inheritdoc/>
        public override void Visit(FieldVisitor visitor) => visitor.Text("reason", ref Reason, true);
    }
}
