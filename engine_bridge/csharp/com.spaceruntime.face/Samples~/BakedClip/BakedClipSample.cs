using UnityEngine;

namespace SpaceRuntime.Samples
{
    /// <summary>Put this on an avatar: it speaks baked lines one after the other, without a server.</summary>
    public sealed class BakedClipSample : MonoBehaviour
    {
        [SerializeField] private SpaceClip[] clips = new SpaceClip[0];
        [SerializeField] private AudioClip[] sounds = new AudioClip[0];
        [SerializeField] private AudioSource voice = null;

        private SpaceClipPlayer player;
        private int next;

        private void Start()
        {
            player = gameObject.AddComponent<SpaceClipPlayer>();
            player.AudioSource = voice;
            player.Finished.AddListener(PlayNext);
            gameObject.AddComponent<SpaceFace>();
            PlayNext();
        }

        private void PlayNext()
        {
            if (clips.Length == 0) return;
            int line = next++ % clips.Length;
            player.Play(clips[line], line < sounds.Length ? sounds[line] : null);
        }
    }
}
