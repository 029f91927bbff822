using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public sealed class AudioClip : Object
    {
        public delegate void PCMReaderCallback(float[] data);

        internal float[] Data;
        internal PCMReaderCallback Reader;

        public int samples { get; internal set; }

        public int channels { get; internal set; }

        public int frequency { get; internal set; }

        public float length => samples / (float)frequency;

        public static AudioClip Create(string name, int lengthSamples, int channels, int frequency, bool stream)
        {
            var made = new AudioClip { name = name, samples = lengthSamples, channels = channels, frequency = frequency };
            made.Data = stream ? null : new float[lengthSamples * channels];
            return made;
        }

        public static AudioClip Create(
            string name, int lengthSamples, int channels, int frequency, bool stream, PCMReaderCallback pcmreadercallback)
        {
            AudioClip made = Create(name, lengthSamples, channels, frequency, stream);
            made.Reader = pcmreadercallback;
            return made;
        }

        public bool GetData(float[] data, int offsetSamples)
        {
            Loop.CheckThread();
            if (Data == null) return false;
            for (int i = 0; i < data.Length; i++) data[i] = Data[(offsetSamples * channels + i) % Data.Length]; // wraps as Unity's
            return true;
        }

        public bool SetData(float[] data, int offsetSamples)
        {
            Array.Copy(data, 0, Data, offsetSamples * channels, data.Length);
            return true;
        }
    }

    /// <summary>A player whose position moves by whole DSP buffers.</summary>
    public sealed class AudioSource : Behaviour
    {
        internal double Exact; // what would be heard, in seconds of the clip
        internal readonly List<float> Played = new List<float>(); // what a streaming clip gave
        private const int ReadAhead = 4096;
        private float[] block = new float[0];
        private int handed;
        private double begin;
        private bool held;

        public AudioSource() => Loop.Sources.Add(this);

        public AudioClip clip { get; set; }

        public float pitch { get; set; } = 1;

        public bool loop { get; set; }

        public bool playOnAwake { get; set; }

        public bool isPlaying { get; private set; }

        public int timeSamples { get; set; }

        public void Play() => PlayScheduled(AudioSettings.dspTime);

        public void PlayScheduled(double time)
        {
            Loop.CheckThread();
            isPlaying = clip;
            held = false;
            begin = time;
            Exact = timeSamples = handed = 0;
        }

        public void Pause()
        {
            held = isPlaying;
            isPlaying = false;
        }

        public void UnPause()
        {
            isPlaying = isPlaying || held;
            held = false;
        }

        public void Stop()
        {
            isPlaying = held = false;
            Exact = timeSamples = 0;
        }

        internal void Seek(double seconds) => Exact = seconds;

        private void Hand(float[] into)
        {
            clip.Reader(into);
            Played.AddRange(into);
        }

        private float[] Take(int frames)
        {
            handed += frames;
            if (block.Length != frames * clip.channels) block = new float[frames * clip.channels];
            return block;
        }

        internal void Advance(double from, double to, bool mixed)
        {
            if (!isPlaying || Destroyed || to <= begin) return;
            Exact += (to - Math.Max(from, begin)) * pitch;
            if (Exact >= clip.length && loop) Exact -= clip.length;
            else if (Exact >= clip.length) Stop();
            if (mixed && isPlaying) timeSamples = (int)(Exact * clip.frequency);
            while (isPlaying && clip.Reader != null && handed < Exact * clip.frequency + ReadAhead) Hand(Take(1024));
        }
    }

    public sealed class AudioSettings
    {
        internal const int Buffer = 1024;
        internal static double Clock;
        private static long mixed;

        public static int outputSampleRate => 48000;

        public static double dspTime => mixed * Buffer / (double)outputSampleRate;

        /// <summary>The sound card goes on; at each whole buffer the players' positions are told anew.</summary>
        internal static void Advance(double dt)
        {
            for (double end = Clock + dt; Clock < end;)
            {
                double next = (mixed + 1) * Buffer / (double)outputSampleRate;
                double to = Math.Min(end, next);
                if (to == next) mixed++;
                foreach (AudioSource source in Loop.Sources) source.Advance(Clock, to, to == next);
                Clock = to;
            }
        }
    }

    public sealed class Microphone
    {
        internal static AudioClip Ring;
        internal static int Position;
        internal static bool Recording;

        public static string[] devices => Ring ? new[] { "stub" } : new string[0];

        public static AudioClip Start(string deviceName, bool loop, int lengthSec, int frequency)
        {
            if (!Ring) throw new ArgumentException("Couldn't acquire device");
            Recording = true;
            Position = 0;
            return Ring;
        }

        public static void End(string deviceName) => Recording = false;

        public static bool IsRecording(string deviceName) => Recording;

        public static int GetPosition(string deviceName) => Position;
    }
}
