using System;
using System.IO;
using UnityEngine;

namespace SpaceRuntime.Samples
{
    /// <summary>
    /// The NPC of the scene. It speaks live where a server is there, or lies in StreamingAssets to be started; else from baked
    /// clips, of which each line has one for each emotion. Keys 1 to 8 choose the emotion, space says the line again, the arrows
    /// choose another.
    /// </summary>
    public sealed class TalkingNpc : MonoBehaviour
    {
        /// <summary>A line: its sound, and what was baked of it.</summary>
        [Serializable]
        public sealed class Line
        {
            public string title = "";
            public AudioClip sound = null;

            [Tooltip("One for each emotion, in the order of the keys.")]
            public TextAsset[] clips = new TextAsset[0];
        }

        private const float StartSeconds = 15;

        private static readonly string[] Emotions =
        {
            "neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contempt",
        };

        [SerializeField] private SpaceConnection connection = null;
        [SerializeField] private SpaceSpeaker speaker = null;
        [SerializeField] private SpaceClipPlayer player = null;
        [SerializeField] private SpaceFace face = null;
        [SerializeField] private SpaceHead head = null;
        [SerializeField] private Line[] lines = new Line[0];

        [SerializeField, Range(0, 10), Tooltip("So many seconds it waits for a server before it says its first line.")]
        private float patience = 2;

        [SerializeField, Range(0, 1)] private float intensity = 0.8f;

        private float waited;
        private bool begun;

        /// <summary>The number of the emotion, as the keys have it, from 0.</summary>
        public int Emotion { get; private set; }

        /// <summary>The number of the line, from 0.</summary>
        public int LineNumber { get; private set; }

        /// <summary>True while the face comes from a server.</summary>
        public bool IsLive => face.Source == speaker;

        /// <summary>Says the line, live if a server is there.</summary>
        public void Say()
        {
            begun = true;
            player.Stop();
            speaker.Stop();
            bool live = connection.IsReady;
            Show(live ? (SpacePoseSource)speaker : player);
            Line line = lines[LineNumber];
            if (live) speaker.Speak(line.sound);
            else player.Play(line.clips[Emotion], line.sound);
        }

        /// <summary>Takes another emotion: live in the middle of the line, baked from its begin.</summary>
        public void TakeEmotion(int number)
        {
            Emotion = number;
            speaker.SetEmotion(number == 0 ? "" : Emotions[number], intensity);
            if (begun && !(IsLive && speaker.IsSpeaking)) Say();
        }

        /// <summary>Takes the next line, or the one before, and says it.</summary>
        public void TakeLine(int step)
        {
            LineNumber = (LineNumber + step + lines.Length) % lines.Length;
            Say();
        }

        /// <summary>The connection is disabled in the scene, until it is known if there is a server to start.</summary>
        private void Awake()
        {
            string folder = Path.Combine(Application.streamingAssetsPath, connection.ServerFolder);
            bool carried = File.Exists(ServerProcess.ProgramIn(folder));
            connection.StartServer = carried ? ServerStart.WhenNoneAnswers : ServerStart.Never;
            connection.enabled = true;
        }

        private void Update()
        {
            waited += Time.deltaTime;
            bool comes = connection.Server != null && connection.Server.State != ServerState.Failed;
            if (!begun && (connection.IsReady || waited >= (comes ? patience + StartSeconds : patience))) Say();
            bool speaks = player.IsSpeaking || speaker.IsSpeaking;
            if (begun && !speaks && connection.IsReady) Show(speaker); // it blinks and looks around between lines
        }

        private void Show(SpacePoseSource source)
        {
            face.Source = source;
            head.Source = source;
        }

        private void OnGUI()
        {
            if (Event.current.type == EventType.KeyDown) TakeKey(Event.current.keyCode);
            GUILayout.BeginArea(new Rect(16, 16, 420, 320));
            string server = connection.Server != null ? connection.Server.Endpoint : connection.Address;
            GUILayout.Label(IsLive ? $"live from {server}" : "from baked clips; for live speech: space-runtime serve");
            for (int i = 0; i < Emotions.Length; i++)
            {
                string mark = i == Emotion ? "   <" : "";
                if (GUILayout.Button($"{i + 1}   {Emotions[i]}{mark}", GUILayout.Width(160))) TakeEmotion(i);
            }
            GUILayout.Label($"arrows: another line (now: {lines[LineNumber].title}), space: once more");
            GUILayout.EndArea();
        }

        private void TakeKey(KeyCode key)
        {
            int number = key - KeyCode.Alpha1;
            if (number >= 0 && number < Emotions.Length) TakeEmotion(number);
            else if (key == KeyCode.Space) Say();
            else if (key == KeyCode.RightArrow || key == KeyCode.DownArrow) TakeLine(1);
            else if (key == KeyCode.LeftArrow || key == KeyCode.UpArrow) TakeLine(-1);
        }
    }
}
