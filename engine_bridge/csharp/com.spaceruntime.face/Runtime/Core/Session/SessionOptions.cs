using System;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>The contents of frames.</summary>
    [Flags]
    public enum Outputs
    {
        /// <summary>Nothing but media times and speech.</summary>
        None = 0,

        /// <summary>52 blendshape weights.</summary>
        Blendshapes = 1,

        /// <summary>Rotation and position of the head.</summary>
        Head = 2,

        /// <summary>Rotations of the eyes.</summary>
        Eyes = 4,

        /// <summary>78 landmarks.</summary>
        Landmarks = 8,

        /// <summary>Pictures of the talking portrait.</summary>
        Texture = 16,

        /// <summary>Keypoints of the generator that draws the portrait.</summary>
        Keypoints = 32,
    }

    /// <summary>Properties of a session.</summary>
    [Serializable]
    public sealed class SessionOptions
    {
        /// <summary>The contents of its frames.</summary>
        public Outputs Outputs = Outputs.Blendshapes | Outputs.Head | Outputs.Eyes;

        /// <summary>Numerator of the frame rate, which is 1 … 240 a second.</summary>
        public int FpsNumerator = 30;

        /// <summary>Denominator of the frame rate.</summary>
        public int FpsDenominator = 1;

        /// <summary>Time from the push of a sound to its playback, 0 … 60,000 milliseconds.</summary>
        public int PlayoutMs = 200;

        /// <summary>Name of a picture under the server's portrait folder; null: none.</summary>
        public string Character;

        /// <summary>A picture file's bytes; null: none.</summary>
        public byte[] Portrait;

        /// <summary>
        /// Texture format: <c>jpeg</c>, <c>rgb</c> or <c>webp</c>. Another one than jpeg asks for pictures, as
        /// <c>Outputs.Texture</c> does.
        /// </summary>
        public string TextureFormat = "jpeg";

        /// <summary>Time for which the session outlives a lost connection, in milliseconds; 0: the server's default.</summary>
        public int LeaseMs;

        /// <summary>Raises <see cref="ArgumentException"/> for values that no server takes.</summary>
        internal void Check()
        {
            Argument.InRange(FpsNumerator, 1, int.MaxValue, nameof(FpsNumerator));
            Argument.InRange(FpsDenominator, 1, int.MaxValue, nameof(FpsDenominator));
            Argument.InRange(PlayoutMs, 0, 60000, nameof(PlayoutMs));
            Argument.InRange(LeaseMs, 0, int.MaxValue, nameof(LeaseMs));
            if (Format == "jpeg" || Format == "rgb" || Format == "webp") return;
            string text = $"{nameof(TextureFormat)} is '{TextureFormat}'; expected jpeg, rgb or webp";
            throw new ArgumentException(text, nameof(TextureFormat));
        }

        internal OpenMessage ToMessage()
        {
            return new OpenMessage
            {
                Outputs = Names(),
                Fps = new[] { (uint)FpsNumerator, (uint)FpsDenominator },
                PlayoutMs = (uint)PlayoutMs,
                Until = CreditWindow.Size,
                Character = Character,
                Portrait = Portrait == null ? default : new ArraySegment<byte>(Portrait),
                Texture = (Wanted & Outputs.Texture) != 0 ? Format : null,
                LeaseMs = LeaseMs == 0 ? (uint?)null : (uint)LeaseMs,
            };
        }

        private string[] Names()
        {
            string[] all = { "weights", "head", "eyes", "landmarks", "texture", "keypoints" };
            return Array.FindAll(all, name => ((int)Wanted >> Array.IndexOf(all, name) & 1) != 0);
        }

        private string Format => string.IsNullOrEmpty(TextureFormat) ? "jpeg" : TextureFormat;

        /// <summary>The outputs; a format that was chosen is an output that was asked for.</summary>
        private Outputs Wanted => Format == "jpeg" ? Outputs : Outputs | Outputs.Texture;
    }

    /// <summary>Format in which pushed sound travels. Pushed values are converted.</summary>
    public enum SoundFormat
    {
        /// <summary>16-bit integers.</summary>
        S16,

        /// <summary>32-bit floating point, −1 … 1.</summary>
        F32,
    }

    /// <summary>The time at which frames leave the server.</summary>
    public enum Pace
    {
        /// <summary>Along the media clock.</summary>
        Live,

        /// <summary>As soon as they are made.</summary>
        Clip,
    }

    /// <summary>A stream of sound that is going to be pushed.</summary>
    [Serializable]
    public sealed class StreamOptions
    {
        /// <summary>Samples per second, 1 … 768,000.</summary>
        public int Rate = 16000;

        /// <summary>Interleaved channels, 1 … 8.</summary>
        public int Channels = 1;

        /// <summary>Format in which the sound travels.</summary>
        public SoundFormat Format = SoundFormat.S16;

        /// <summary>The time at which frames leave the server.</summary>
        public Pace Pace = Pace.Live;

        /// <summary>Position in the sound at which pushing begins, in samples.</summary>
        public long FirstSample;

        /// <summary>Behaviour of the face; null: the server's defaults.</summary>
        public Controls Controls;

        /// <summary>Raises <see cref="ArgumentOutOfRangeException"/> for values that no server takes.</summary>
        internal void Check()
        {
            Argument.InRange(Rate, 1, MostRate, nameof(Rate));
            Argument.InRange(Channels, 1, 8, nameof(Channels));
            Argument.InRange(FirstSample, 0, LastSample, nameof(FirstSample));
        }

        internal const int MostRate = 768000;

        /// <summary>Whole samples are exact up to here.</summary>
        private const long LastSample = 1L << 53;
    }
}
