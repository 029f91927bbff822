using System;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Lets a character speak live: its sound goes to the server, and the face that comes back follows what is heard. Without a
    /// server the sound is heard all the same, and the face joins when there is one.
    /// </summary>
    [AddComponentMenu("SPACE/Space Speaker")]
    [DefaultExecutionOrder(900)]
    public sealed partial class SpaceSpeaker : SpacePoseSource
    {
        [SerializeField, Tooltip("Empty: the one here or in a parent.")]
        private SpaceConnection connection = null;

        [SerializeField] private AudioSource audioSource = null;

        [SerializeField, Tooltip("Spoken on start; may be empty.")]
        private AudioClip line = null;

        [SerializeField, Tooltip("Blinks and looks around between lines.")]
        private bool idle = true;

        [SerializeField, Range(0, 2000), Tooltip("Time from a live sound to its face, in milliseconds.")]
        private int playoutMs = 250;

        [SerializeField, Range(0, 5), Tooltip("A sound waits so many seconds for its face, then it begins without.")]
        private float patience = 1;

        [SerializeField] private SpeakerStyle style = new SpeakerStyle();

        [SerializeField, Tooltip("A picture of the server's portrait folder; empty: none. Drawings have landmarks beside them.")]
        private string character = "";

        [SerializeField, Tooltip("Asks for pictures of the character, for Space Portrait.")]
        private bool pictures = false;

        private readonly SoundClock clock = new SoundClock();
        private SpaceSession session;
        private SpaceClient client;
        private SpeakerLine current;
        private bool on, heard, over, unreadable;
        private double waited, seconds;
        private long framesBefore;

        /// <inheritdoc/>
        public override string[] Blendshapes => client?.Server == null ? NoNames : client.Server.Blendshapes;

        /// <inheritdoc/>
        public override bool IsSpeaking => current != null && !current.IsIdle;

        /// <inheritdoc/>
        public override double Seconds => seconds;

        /// <summary>The session; null while this or its connection is disabled.</summary>
        public SpaceSession Session => session;

        /// <summary>The player of the sound.</summary>
        public AudioSource AudioSource
        {
            get => audioSource;
            set => audioSource = value;
        }

        /// <summary>The connection; null: the one here or in a parent.</summary>
        public SpaceConnection Connection
        {
            get => connection;
            set => connection = value;
        }

        /// <summary>Its manner of speaking. Call <see cref="ApplyStyle"/> to change a line that runs.</summary>
        public SpeakerStyle Style => style;

        /// <summary>Speaks a clip through the AudioSource; the line before ends. Nothing while this is disabled.</summary>
        public void Speak(AudioClip clip) => Speak(clip, null);

        /// <summary>Speaks a clip that begins at a time of <c>AudioSettings.dspTime</c>, with its face or without.</summary>
        public void SpeakScheduled(AudioClip clip, double dspTime) => Speak(clip, dspTime);

        private void Speak(AudioClip clip, double? start)
        {
            if (clip && audioSource) Begin(new ClipLine(audioSource, clip, start));
            else Tell($"{name} cannot speak: it needs an AudioClip and an AudioSource");
        }

#if !UNITY_WEBGL || UNITY_EDITOR
        /// <summary>Speaks along with a microphone (null: the first one) until <see cref="Stop"/>.</summary>
        public void SpeakMicrophone(string device = null)
        {
            if (Microphone.devices.Length == 0)
            {
                Tell("there is no microphone, or no permission for it");
                return;
            }
            Begin(new MicrophoneLine(device, playoutMs / 1000.0));
        }
#endif

        /// <summary>Ends the line: its sound at once, its face within a blend to rest.</summary>
        public void Stop(int fadeMs = 200)
        {
            if (!IsSpeaking) return;
            current.Stop();
            over = heard = true;
            waited = 0;
            if (IsUsable && session.Stream > 0) session.Interrupt(double.NaN, fadeMs);
        }

        /// <summary>Sends the style to the line that runs.</summary>
        public void ApplyStyle(int fadeMs = 300)
        {
            if (IsUsable && session.IsStreaming) session.Set(style.ToControls(), double.NaN, fadeMs);
        }

        /// <summary>Changes the emotion, also of the line that runs.</summary>
        public void SetEmotion(string emotion, float intensity = 0.7f, int fadeMs = 300)
        {
            style.Emotion = emotion;
            style.Intensity = Mathf.Clamp01(intensity);
            ApplyStyle(fadeMs);
        }

        /// <summary>Sets the constant offset of the head, in degrees (+: its left, down, its right shoulder).</summary>
        public void SetHeadOffset(float yaw, float pitch, float roll, int fadeMs = 300)
        {
            style.HeadYaw = yaw;
            style.HeadPitch = pitch;
            style.HeadRoll = roll;
            ApplyStyle(fadeMs);
        }

        private void Reset()
        {
            audioSource = GetComponentInChildren<AudioSource>();
            connection = GetComponentInParent<SpaceConnection>();
        }

        private void OnEnable()
        {
            on = true;
            if (!connection) connection = GetComponentInParent<SpaceConnection>();
        }

        private void Start()
        {
            if (line && current == null) Speak(line);
        }

        private void OnDisable()
        {
            bool spoke = IsSpeaking;
            on = false;
            current?.Stop();
            current = null;
            CloseSession();
            if (spoke) Finished.Invoke();
        }

        /// <summary>A listener of Finished may ask for the next line while this is being disabled.</summary>
        private void Begin(SpeakerLine next)
        {
            if (!on)
            {
                next.Stop();
                return;
            }
            if (IsSpeaking)
            {
                current.Stop();
                Finished.Invoke();
            }
            current = null;
            OpenSession();
            current = next;
            heard = over = unreadable = false;
            waited = seconds = 0;
            BeginStream();
            if (!next.IsIdle) Started.Invoke();
        }

        private void BeginStream()
        {
            if (!IsUsable || current == null) return;
            framesBefore = session.Counters.FramesTaken;
            try
            {
                current.Begin(session, style);
            }
            catch (ArgumentException error)
            {
                Tell(error.Message);
            }
        }
    }
}
