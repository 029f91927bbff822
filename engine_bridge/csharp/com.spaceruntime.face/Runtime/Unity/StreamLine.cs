using System;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Sound that comes in pieces, as from a voice synthesiser. It is heard through an AudioSource.</summary>
    internal sealed class StreamLine : SpeakerLine
    {
        private const int LongestSeconds = 3600;

        private readonly AudioSource source;
        private readonly int rate, channels;
        private readonly SoundQueue queue;
        private AudioClip clip;
        private bool ended;

        public StreamLine(AudioSource source, int rate, int channels)
        {
            this.source = source;
            this.rate = rate;
            this.channels = channels;
            queue = new SoundQueue(rate, channels);
        }

        public override int Rate => rate;

        public override bool IsHeard => source && clip && source.clip == clip && !(ended && Position >= queue.Written);

        public override double Told => clip ? Position / (double)rate : 0;

        public override float Pitch => source && source.isPlaying ? source.pitch : 0;

        private long Position => queue.PositionAt(source.timeSamples);

        public override void Begin(SpaceSession session, SpeakerStyle style) =>
            session.Start(new StreamOptions { Rate = rate, Channels = channels, Controls = style.ToControls() });

        /// <summary>Takes sound to be heard, and to be pushed where there is a session.</summary>
        public void Push(SpaceSession session, float[] samples, int count)
        {
            queue.Write(samples, count);
            session?.Push(new ReadOnlySpan<float>(samples, 0, count));
        }

        /// <summary>The sound is complete.</summary>
        public void End(SpaceSession session)
        {
            ended = true;
            queue.End();
            session?.End();
        }

        public override void Play()
        {
            if (!source) return;
            clip = AudioClip.Create("stream", LongestSeconds * rate, channels, rate, true, queue.Read);
            source.clip = clip;
            source.Play();
        }

        public override void Stop()
        {
            if (!clip) return;
            if (source && source.clip == clip)
            {
                source.Stop();
                source.clip = null;
            }
            UnityEngine.Object.Destroy(clip);
            clip = null;
        }
    }
}
