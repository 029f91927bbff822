using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>What frames contain.</summary>
    [Flags]
    public enum Outputs
    {
        /// <summary>Nothing but media times and speech.</summary>
        None = 0,

        /// <summary>52 blend-shape weights.</summary>
        Weights = 1,

        /// <summary>Rotation and position of the head.</summary>
        Head = 2,

        /// <summary>Rotations of the eyes.</summary>
        Eyes = 4,

        /// <summary>78 landmarks.</summary>
        Landmarks = 8,

        /// <summary>Pictures of the talking portrait.</summary>
        Texture = 16,
    }

    /// <summary>What a session is to be like.</summary>
    public sealed class SessionOptions
    {
        /// <summary>What its frames contain.</summary>
        public Outputs Outputs = Outputs.Weights | Outputs.Head | Outputs.Eyes;

        /// <summary>Numerator of the frame rate.</summary>
        public uint FpsNumerator = 30;

        /// <summary>Denominator of the frame rate.</summary>
        public uint FpsDenominator = 1;

        /// <summary>How long after its push a sound will be played, in milliseconds.</summary>
        public uint PlayoutMs = 250;

        /// <summary>Name of a picture under the server's portrait folder; null: none.</summary>
        public string Character;

        /// <summary>A picture file's bytes; null: none.</summary>
        public byte[] Portrait;

        /// <summary>Texture format: <c>rgb</c>, <c>jpeg</c> or <c>webp</c>.</summary>
        public string TextureFormat = "rgb";

        /// <summary>How long the session outlives a lost connection, in milliseconds; null: as the server likes.</summary>
        public uint? LeaseMs;

        internal OpenMessage ToMessage()
        {
            return new OpenMessage
            {
                Outputs = Names(),
                Fps = new[] { FpsNumerator, FpsDenominator },
                PlayoutMs = PlayoutMs,
                Until = CreditWindow.Size,
                Character = Character,
                Portrait = Portrait == null ? default : new ArraySegment<byte>(Portrait),
                Texture = (Outputs & Outputs.Texture) != 0 ? TextureFormat : null,
                LeaseMs = LeaseMs,
            };
        }

        private string[] Names()
        {
            string[] all = { "weights", "head", "eyes", "landmarks", "texture" };
            return Array.FindAll(all, name => ((int)Outputs >> Array.IndexOf(all, name) & 1) != 0);
        }
    }

    /// <summary>How pushed sound travels. What is pushed is converted.</summary>
    public enum SoundFormat
    {
        /// <summary>16-bit integers.</summary>
        S16,

        /// <summary>32-bit floating point, −1 … 1.</summary>
        F32,
    }

    /// <summary>When frames leave the server.</summary>
    public enum Pace
    {
        /// <summary>Along the media clock.</summary>
        Live,

        /// <summary>As soon as they are made.</summary>
        Clip,
    }

    /// <summary>A line of speech that is going to be pushed.</summary>
    public sealed class StreamOptions
    {
        /// <summary>Samples per second.</summary>
        public int Rate = 16000;

        /// <summary>Interleaved channels, 1 … 8.</summary>
        public int Channels = 1;

        /// <summary>How the sound travels.</summary>
        public SoundFormat Format = SoundFormat.S16;

        /// <summary>When frames leave the server.</summary>
        public Pace Pace = Pace.Live;

        /// <summary>Where in the sound pushing begins.</summary>
        public long FirstSample;

        /// <summary>How the face behaves; null: as the server likes.</summary>
        public Controls Controls;
    }
}
