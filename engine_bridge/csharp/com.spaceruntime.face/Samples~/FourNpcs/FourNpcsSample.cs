using UnityEngine;

namespace SpaceRuntime.Samples
{
    /// <summary>Several speakers take turns; who listens looks at who speaks, who speaks looks at the next one.</summary>
    public sealed class FourNpcsSample : MonoBehaviour
    {
        [SerializeField] private SpaceSpeaker[] speakers = new SpaceSpeaker[0];
        [SerializeField] private Transform[] heads = new Transform[0];
        [SerializeField] private AudioClip[] lines = new AudioClip[0];
        [SerializeField] private string[] emotions = { "happy", "surprised", "angry", "sad" };

        private int turn = -1;

        private void Start()
        {
            foreach (SpaceSpeaker speaker in speakers) speaker.Finished.AddListener(GoOn);
            GoOn();
        }

        private void GoOn()
        {
            if (speakers.Length == 0 || lines.Length == 0 || heads.Length < speakers.Length) return;
            turn++;
            int speaking = turn % speakers.Length;
            for (int i = 0; i < speakers.Length; i++)
                speakers[i].GazeTarget = heads[i == speaking ? (speaking + 1) % speakers.Length : speaking];
            if (emotions.Length > 0) speakers[speaking].Style.Emotion = emotions[speaking % emotions.Length];
            speakers[speaking].Speak(lines[turn % lines.Length]);
        }
    }
}
