using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>The server's description of itself. The arrays must not be written to.</summary>
    public sealed class ServerInfo
    {
        private readonly NamedCount[] limits;

        internal ServerInfo(WelcomeMessage welcome)
        {
            Name = welcome.Server;
            Bundle = welcome.Bundle;
            LookAheadSeconds = welcome.LookAheadSeconds;
            Blendshapes = welcome.Weights;
            Emotions = welcome.Emotions;
            Outputs = welcome.Outputs;
            Textures = welcome.Textures;
            KeypointCount = welcome.Keypoints ?? 0;
            limits = welcome.Limits;
        }

        /// <summary>Name and version.</summary>
        public string Name { get; }

        /// <summary>Name and version of its models.</summary>
        public string Bundle { get; }

        /// <summary>Sound beyond a frame's time that it must have heard, in seconds.</summary>
        public double LookAheadSeconds { get; }

        /// <summary>Names of the blendshapes, in the order of their weights.</summary>
        public string[] Blendshapes { get; }

        /// <summary>Emotion labels.</summary>
        public string[] Emotions { get; }

        /// <summary>Outputs that a session may ask for.</summary>
        public string[] Outputs { get; }

        /// <summary>Texture formats.</summary>
        public string[] Textures { get; }

        /// <summary>Keypoints of a frame (three numbers each); 0: this server offers none.</summary>
        public uint KeypointCount { get; }

        /// <summary>Returns the limit of this name (PROTOCOL.md, section 6), or <paramref name="otherwise"/>.</summary>
        public long Limit(string name, long otherwise)
        {
            foreach (NamedCount limit in limits)
                if (limit.Name == name) return RangeCheck.Limited(name, (long)limit.Value);
            return otherwise;
        }
    }
}
