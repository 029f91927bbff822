using System;

namespace SpaceRuntime
{
    // Sound in pieces, as a voice synthesiser or a voice chat gives it.
    public sealed partial class SpaceSpeaker
    {
        /// <summary>Begins a line whose sound comes in pieces. It is heard as soon as its face is there.</summary>
        public void BeginStream(int rate, int channels = 1)
        {
            if (audioSource) Begin(new StreamLine(audioSource, rate, channels));
            else Tell($"{name} cannot speak: it needs an AudioSource");
        }

        /// <summary>Adds interleaved samples, −1 … 1. Ignored once the line is over.</summary>
        public void PushStream(float[] samples, int count)
        {
            if (samples == null || count < 0 || count > samples.Length)
                throw new ArgumentException("expected an array with as many samples as told", nameof(samples));
            if (current is StreamLine stream && !over) stream.Push(Streaming, samples, count);
        }

        /// <summary>The sound is complete; the line ends when it has been heard.</summary>
        public void EndStream()
        {
            if (current is StreamLine stream && !over) stream.End(Streaming);
        }

        /// <summary>The session, if it has the stream.</summary>
        private SpaceSession Streaming => IsUsable && session.Stream > 0 ? session : null;
    }
}
