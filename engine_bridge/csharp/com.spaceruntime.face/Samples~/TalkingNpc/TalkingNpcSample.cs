using UnityEngine;

namespace SpaceRuntime.Samples
{
    /// <summary>Put this on an avatar: it speaks live, and says the line again and again in another mood.</summary>
    public sealed class TalkingNpcSample : MonoBehaviour
    {
        private static readonly string[] Moods = { "", "happy", "sad", "angry", "surprised" };

        [SerializeField] private AudioClip line = null;
        [SerializeField] private AudioSource voice = null;
        [SerializeField] private Transform lookAt = null;

        private SpaceSpeaker speaker;
        private int mood;

        private void Start()
        {
            gameObject.AddComponent<SpaceConnection>();
            speaker = gameObject.AddComponent<SpaceSpeaker>();
            speaker.AudioSource = voice;
            speaker.GazeTarget = lookAt;
            speaker.Finished.AddListener(SayAgain);
            gameObject.AddComponent<SpaceFace>();
            SayAgain();
        }

        private void SayAgain()
        {
            speaker.Style.Emotion = Moods[mood++ % Moods.Length];
            speaker.Speak(line);
        }
    }
}
