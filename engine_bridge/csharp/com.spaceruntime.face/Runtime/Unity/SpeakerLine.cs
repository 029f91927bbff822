using System;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>One piece of speech: where its sound comes from, and where its playback is.</summary>
    internal abstract class SpeakerLine
    {
        /// <summary>Samples a second.</summary>
        public abstract int Rate { get; }

        /// <summary>True while there is sound to be heard.</summary>
        public abstract bool IsHeard { get; }

        /// <summary>The position that the player tells, in seconds.</summary>
        public abstract double Told { get; }

        /// <summary>Seconds of the sound in a second.</summary>
        public virtual float Pitch => 1;

        /// <summary>True where the sound waits for its first frames.</summary>
        public virtual bool Waits => true;

        /// <summary>True for idling, which is no speech: no events, any line takes its place.</summary>
        public virtual bool IsIdle => false;

        /// <summary>Asks the session for a stream.</summary>
        public abstract void Begin(SpaceSession session, SpeakerStyle style);

        /// <summary>Pushes sound that is there. False: it cannot be read.</summary>
        public virtual bool Feed(SpaceSession session) => true;

        /// <summary>The sound begins to be heard.</summary>
        public virtual void Play()
        {
        }

        /// <summary>The sound ends.</summary>
        public virtual void Stop()
        {
        }
    }

    /// <summary>Silence in which the face lives.</summary>
    internal sealed class IdleLine : SpeakerLine
    {
        private readonly double playout;
        private readonly double began = Time.realtimeSinceStartupAsDouble;

        public IdleLine(double playoutSeconds) => playout = playoutSeconds;

        public override int Rate => 16000;

        public override bool IsHeard => true;

        public override bool IsIdle => true;

        public override bool Waits => false;

        public override double Told => Time.realtimeSinceStartupAsDouble - began - playout;

        public override void Begin(SpaceSession session, SpeakerStyle style) => session.Idle(style.ToControls());
    }

    /// <summary>An AudioClip that an AudioSource plays. It is read a second a frame, and pushed.</summary>
    internal sealed class ClipLine : SpeakerLine
    {
        private readonly AudioSource source;
        private readonly AudioClip clip;
        private readonly float[] buffer;
        private readonly double? start;
        private int next;

        /// <summary>start: a time of <c>AudioSettings.dspTime</c>; null: as soon as the face is there.</summary>
        public ClipLine(AudioSource source, AudioClip clip, double? start)
        {
            this.source = source;
            this.clip = clip;
            this.start = start;
            buffer = new float[Math.Max(1, Math.Min(clip.frequency / 4, clip.samples)) * clip.channels];
        }

        public override int Rate => clip.frequency;

        public override bool Waits => start == null;

        public override bool IsHeard => source && source.clip == clip && (source.isPlaying || source.timeSamples > 0);

        public override double Told => source ? source.timeSamples / (double)clip.frequency : 0;

        public override float Pitch => !source ? 1 : source.isPlaying ? source.pitch : 0;

        public override void Begin(SpaceSession session, SpeakerStyle style)
        {
            next = 0;
            session.Start(new StreamOptions
            {
                Rate = clip.frequency,
                Channels = clip.channels,
                Pace = Pace.Clip,
                Controls = style.ToControls(),
            });
        }

        public override bool Feed(SpaceSession session)
        {
            for (int pieces = 0; pieces < 4 && next < clip.samples; pieces++)
            {
                if (!clip.GetData(buffer, next)) return false;
                int wanted = Math.Min(buffer.Length / clip.channels, clip.samples - next);
                int taken = session.Push(new ReadOnlySpan<float>(buffer, 0, wanted * clip.channels));
                next += taken;
                if (next == clip.samples) session.End();
                if (taken < wanted) break;
            }
            return true;
        }

        public override void Play()
        {
            if (!source) return;
            source.clip = clip;
            if (start.HasValue) source.PlayScheduled(start.Value);
            else source.Play();
        }

        public override void Stop()
        {
            if (source && source.clip == clip) source.Stop();
        }
    }

#if !UNITY_WEBGL || UNITY_EDITOR
    /// <summary>A microphone. The face follows it by the playout delay.</summary>
    internal sealed class MicrophoneLine : SpeakerLine
    {
        private const int Wanted = 16000;

        private readonly string device;
        private readonly double playout;
        private readonly AudioClip ring;
        private readonly float[] buffer;
        private long heard;
        private int last;

        public MicrophoneLine(string device, double playoutSeconds)
        {
            this.device = device;
            playout = playoutSeconds;
            ring = Microphone.Start(device, true, 2, Wanted);
            buffer = new float[ring.frequency / 20 * ring.channels];
        }

        public override int Rate => ring.frequency;

        public override bool IsHeard => Microphone.IsRecording(device);

        public override double Told => heard / (double)ring.frequency - playout;

        public override void Begin(SpaceSession session, SpeakerStyle style) => session.Start(new StreamOptions
        {
            Rate = ring.frequency,
            Channels = ring.channels,
            Controls = style.ToControls(),
        });

        public override bool Feed(SpaceSession session)
        {
            int position = Microphone.GetPosition(device);
            int count = (position - last + ring.samples) % ring.samples;
            while (count > 0)
            {
                int piece = Math.Min(count, buffer.Length / ring.channels);
                if (!ring.GetData(buffer, last)) return false;
                session.Push(new ReadOnlySpan<float>(buffer, 0, piece * ring.channels));
                last = (last + piece) % ring.samples;
                heard += piece;
                count -= piece;
            }
            return true;
        }

        public override void Stop() => Microphone.End(device);
    }
#endif
}
