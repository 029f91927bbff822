using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Plays a baked clip beside its sound; no server is needed. The face follows the position of the sound, also through
    /// pauses, seeks, loops and another pitch; without a sound, the game's clock.
    /// </summary>
    [AddComponentMenu("SPACE/Space Clip Player")]
    [DefaultExecutionOrder(900)]
    public sealed class SpaceClipPlayer : SpacePoseSource
    {
        [SerializeField, Tooltip("The baked clip: an imported hello.spaceclip.")]
        private SpaceClip line = null;

        [SerializeField, Tooltip("Or its file: hello.json, or hello.spaceclip.bytes; not used beside a line.")]
        private TextAsset clip = null;

        [SerializeField, Tooltip("The sound from which it was baked; may be missing.")]
        private AudioClip sound = null;

        [SerializeField, Tooltip("Plays the sound; without one the clip runs along the game's clock.")]
        private AudioSource audioSource = null;

        [SerializeField] private bool playOnStart = true;

        private readonly SoundClock clock = new SoundClock();
        private FaceClip face;
        private bool on, playing, paused, soundRuns, stopping;
        private double seconds;
        private float strength;

        /// <inheritdoc/>
        public override string[] Blendshapes => face == null ? NoNames : face.Blendshapes;

        /// <inheritdoc/>
        public override bool IsSpeaking => playing;

        /// <inheritdoc/>
        public override double Seconds => seconds;

        /// <summary>The sound's player; null: the clip runs along the game's clock.</summary>
        public AudioSource AudioSource
        {
            get => audioSource;
            set => audioSource = value;
        }

        /// <summary>Plays an imported clip with its sound, which may be null.</summary>
        public void Play(SpaceClip baked, AudioClip withSound)
        {
            line = baked;
            sound = withSound;
            face = null;
            Play();
        }

        /// <summary>Plays a clip's file with its sound, which may be null. Reads the file, which takes milliseconds.</summary>
        public void Play(TextAsset file, AudioClip withSound)
        {
            line = null;
            clip = file;
            sound = withSound;
            face = null;
            Play();
        }

        /// <summary>Plays a clip that was read before, with its sound, which may be null.</summary>
        public void Play(FaceClip read, AudioClip withSound)
        {
            face = read;
            sound = withSound;
            Play();
        }

        /// <summary>Plays from the begin; nothing while this is disabled. A clip that cannot be read is an error event.</summary>
        public void Play()
        {
            if (!on || (face == null && !Read())) return;
            soundRuns = audioSource && sound;
            if (soundRuns)
            {
                audioSource.clip = sound;
                audioSource.Play();
            }
            Begin();
        }

        /// <summary>Plays with a sound that begins at a time of <c>AudioSettings.dspTime</c>.</summary>
        public void PlayScheduled(double dspTime)
        {
            if (!on || (face == null && !Read())) return;
            soundRuns = audioSource && sound;
            if (!soundRuns)
            {
                Tell("PlayScheduled needs an AudioSource and a sound");
                return;
            }
            audioSource.clip = sound;
            audioSource.PlayScheduled(dspTime);
            Begin();
        }

        /// <summary>Holds sound and face, or lets them go on.</summary>
        public void Pause(bool hold)
        {
            paused = hold;
            if (!soundRuns) return;
            if (hold) audioSource.Pause();
            else audioSource.UnPause();
        }

        /// <summary>Stops the sound; the face goes to rest within 0.3 s.</summary>
        public void Stop()
        {
            if (soundRuns) audioSource.Stop();
            stopping = playing;
            paused = false;
        }

        /// <summary>Reads the clip now, so that Play need not.</summary>
        public bool Read()
        {
            if (!HasClip)
            {
                Tell($"{name} has no clip: give it a .spaceclip of `space-runtime bake --formats spaceclip`");
                return false;
            }
            try
            {
                face = line ? line.Face : FaceClip.Read(clip.bytes);
                return true;
            }
            catch (ClipException error)
            {
                Tell($"{(line ? line.name : clip.name)}: {error.Message}");
                return false;
            }
        }

        private void Start()
        {
            if (playOnStart && HasClip && !playing) Play();
        }

        private bool HasClip => line || clip;

        private void Reset() => audioSource = GetComponentInChildren<AudioSource>();

        private void OnEnable() => on = true;

        private void OnDisable()
        {
            on = false;
            if (soundRuns && audioSource) audioSource.Stop();
            if (!playing) return;
            playing = false;
            face.Sample(-1, Pose);
            Finished.Invoke();
        }

        private void LateUpdate()
        {
            if (!playing) return;
            float dt = paused ? 0 : Time.deltaTime;
            if (stopping) strength = Mathf.Max(0, strength - dt / (float)JitterBuffer.ReleaseSeconds);
            seconds = stopping ? seconds : Position(dt);
            face.Sample(seconds, Pose, strength);
            if (strength > 0 && Pose.State != FaceState.Resting) return;
            playing = false;
            Finished.Invoke();
        }

        private void Begin()
        {
            playing = true;
            paused = stopping = false;
            strength = 1;
            seconds = 0;
            clock.Begin(0);
            Started.Invoke();
        }

        private double Told => audioSource.timeSamples / (double)sound.frequency;

        /// <summary>After the end of its sound a clip goes on to rest by the game's clock.</summary>
        private double Position(float dt)
        {
            if (!soundRuns || !audioSource) return seconds + dt;
            if (paused) return seconds;
            if (audioSource.isPlaying)
                return clock.Advance(Told, Time.unscaledDeltaTime * audioSource.pitch);
            bool atEnd = seconds > sound.length - SoundClock.SeekSeconds;
            if (atEnd) return seconds + dt;
            stopping = audioSource.timeSamples == 0; // stopped by somebody else; a source that was paused keeps its place
            return seconds;
        }
    }
}
