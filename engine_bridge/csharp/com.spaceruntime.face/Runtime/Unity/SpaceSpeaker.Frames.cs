using UnityEngine;

namespace SpaceRuntime
{
    // A speaker's work of each frame: sound to the server, the position of what is heard, the face that is due.
    public sealed partial class SpaceSpeaker
    {
        private const double LongestEndSeconds = 1;

        private void LateUpdate()
        {
            OpenSession();
            TakeEvents();
            if (current == null && idle && IsUsable && session.State == SessionState.Open)
                Begin(new IdleLine(playoutMs / 1000.0));
            FollowGaze();
            if (current == null) ShowRest(Time.deltaTime);
            else if (!heard) WaitForFace(Time.deltaTime);
            else Show(Time.deltaTime);
        }

        /// <summary>The session follows the connection, which may come, go and be another one.</summary>
        private void OpenSession()
        {
            SpaceClient now = connection ? connection.Client : null;
            if (now == client) return;
            CloseSession();
            client = now;
            if (now == null) return;
            Outputs outputs = Outputs.Blendshapes | Outputs.Head | Outputs.Eyes | (pictures ? Outputs.Texture : Outputs.None);
            session = now.Open(new SessionOptions
            {
                PlayoutMs = playoutMs,
                Outputs = outputs,
                TextureFormat = pictures ? "rgb" : "jpeg",
                Character = string.IsNullOrEmpty(character) ? null : character,
            });
            if (current != null) BeginStream();
        }

        /// <summary>A session that the server refused stays closed until the connection is another one.</summary>
        private bool IsUsable => session != null && session.State != SessionState.Closed;

        private void CloseSession()
        {
            session?.Close();
            session = null;
            client = null;
            Pose.Clear();
        }

        /// <summary>A sound waits until its first frames are there, or its patience ends.</summary>
        private void WaitForFace(float dt)
        {
            Feed();
            waited += dt;
            bool came = session != null && session.Counters.FramesTaken > framesBefore;
            if (!came && waited < patience && IsUsable && current.Waits)
            {
                session.Evaluate(double.NaN, dt, Pose);
                return;
            }
            heard = true;
            current.Play();
            clock.Begin(current.Told);
            Show(0);
        }

        private void Show(float dt)
        {
            Feed();
            over = over || !current.IsHeard;
            if (over) End(dt);
            else seconds = clock.Advance(current.Told, Time.unscaledDeltaTime * current.Pitch);
            if (current != null && session != null) session.Evaluate(seconds * current.Rate, dt, Pose);
        }

        /// <summary>After its sound a line goes on until the face is at rest.</summary>
        private void End(float dt)
        {
            seconds += dt;
            waited += dt;
            bool rests = Pose.State == FaceState.Resting || Pose.State == FaceState.Waiting;
            if (!rests && session != null && waited < patience + LongestEndSeconds) return;
            bool spoke = IsSpeaking;
            current.Stop();
            current = null;
            if (spoke) Finished.Invoke();
        }

        private void ShowRest(float dt)
        {
            if (session != null) session.Evaluate(double.NaN, dt, Pose);
        }

        private void Feed()
        {
            if (!IsUsable || over || unreadable || session.Stream == 0) return;
            unreadable = !current.Feed(session);
            if (!unreadable) return;
            Tell($"the sound of {name} cannot be read: set its Load Type to Decompress On Load");
            session.Interrupt();
        }

        private void TakeEvents()
        {
            while (session != null && session.TryTakeEvent(out SpaceEvent taken))
            {
                if (taken.Kind == SpaceEventKind.Underrun) Underrun.Invoke(taken.Number);
                else if (taken.Kind == SpaceEventKind.Error) Tell($"{taken.Code}: {taken.Text}");
                else if (taken.Kind == SpaceEventKind.Notice) Debug.LogWarning($"SPACE: {taken.Text}", this);
            }
        }
    }
}
