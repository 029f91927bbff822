using System;
using System.Diagnostics;
using System.Threading;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    // Messages of a session to the server and back. Called by the client's thread, except for Flush.
    public sealed partial class SpaceSession
    {
        private const int ChunkBytes = 32768;
        private const int UnsureMs = 5000;

        private readonly CreditWindow credit = new CreditWindow();
        private readonly AudioMessage audio = new AudioMessage();
        private readonly MotionMessage motion = new MotionMessage();
        private readonly CreditMessage grant = new CreditMessage();
        private ArraySegment<byte> token;
        private uint id;
        private uint request;
        private bool wasOpen;
        private long nextSeq;
        private long lostFrames;
        private long retryAtMs;
        private int retryMs = 250;
        private long holdSoundUntilMs;

        /// <summary>
        /// Lets the caller of <see cref="Evaluate"/> go first, for a millisecond at most: a thread that takes the lock again and
        /// again, as the client's does while a server floods, would win.
        /// </summary>
        internal void GiveWay()
        {
            if (Volatile.Read(ref callers) == 0) return;
            long until = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 1000;
            while (Volatile.Read(ref callers) > 0 && Stopwatch.GetTimestamp() < until) Thread.Yield();
        }

        /// <summary>The connection can carry sessions: ask for this one, or for it to go on.</summary>
        internal void OnReady()
        {
            lock (gate)
            {
                if (State == SessionState.Closed || Clock.Ms < retryAtMs) return;
                if (token.Array != null) Ask(number => new ResumeMessage { Request = number, Token = token });
                else AskOpen();
            }
        }

        internal void OnLinkLost()
        {
            lock (gate)
            {
                request = 0;
                retryAtMs = 0;
                if (State != SessionState.Open) return;
                state = SessionState.Lost;
                events.Add(SpaceEventKind.LinkLost, lastStream);
            }
        }

        /// <summary>Time passes: what could not be sent is tried again.</summary>
        internal void Tick(bool ready)
        {
            lock (gate)
            {
                if (!ready || State == SessionState.Closed) return;
                if (State == SessionState.Open)
                {
                    Flush();
                    GrantCredit();
                }
                else if (request == 0) OnReady();
            }
        }

        internal void OnOpened(OpenedMessage opened)
        {
            lock (gate)
            {
                request = 0;
                token = new ArraySegment<byte>(opened.Token.AsSpan().ToArray());
                lookAheadSeconds = opened.LookAheadSeconds;
                credit.Begin(0, CreditWindow.Size);
                nextSeq = 0;
                retryMs = 250;
                Enter(opened.Session, wasOpen ? SpaceEventKind.Reopened : SpaceEventKind.Opened);
                if (wasOpen && stream != null && !stream.Finished) TakeUp();
                wasOpen = true;
                Flush();
            }
        }

        internal void OnResumed(ResumedMessage resumed)
        {
            lock (gate)
            {
                request = 0;
                bool clipLost = stream != null && !stream.Finished && stream.Pace == Pace.Clip && resumed.Seq > nextSeq;
                credit.Begin(resumed.Seq, resumed.Seq);
                nextSeq = resumed.Seq;
                if (clipLost)
                {
                    Send(new CloseMessage { Session = resumed.Session }); // only another session makes its frames again
                    OpenAnewLater();
                    return;
                }
                Enter(resumed.Session, SpaceEventKind.Resumed);
                GrantCredit();
                if (stream == null || stream.Finished) return;
                if (resumed.Stream == stream.Number) GoOn(resumed.NextSample);
                else TakeUp();
                Flush();
            }
        }

        internal void OnFrame(FrameMessage frame)
        {
            lock (gate)
            {
                if (frame.Seq > nextSeq) lostFrames += frame.Seq - nextSeq;
                nextSeq = Math.Max(nextSeq, frame.Seq + 1L);
                credit.Count(frame.Seq);
                if (stream != null && frame.Stream == stream.Number)
                {
                    LearnRate(frame);
                    frame.Index += stream.ShiftFrames;
                    frame.Sample += stream.ShiftSamples;
                    stream.Animated = Math.Max(stream.Animated, frame.Sample);
                }
                playback.Put(frame);
                GrantCredit();
            }
        }

        /// <summary>A file's samples per second are known from its second frame on.</summary>
        private void LearnRate(FrameMessage frame)
        {
            if (stream.Kind != StreamKind.File || frame.Index == 0 || !(frame.Sample > 0)) return;
            double rate = frame.Sample * options.FpsNumerator / options.FpsDenominator / frame.Index;
            if (!(rate >= 1 && rate <= StreamOptions.MostRate)) return;
            stream.Rate = (int)Math.Round(rate);
            playback.SetRate(rate);
        }

        internal void OnTexture(TextureMessage texture, ZmtpMessage message, int part, BufferPool pool)
        {
            lock (gate)
            {
                if (stream == null || texture.Stream != stream.Number) return;
                texture.Sample += stream.ShiftSamples;
                textures.Put(texture, message.Detach(part).Array, pool);
            }
        }

        internal void OnStarted(StartedMessage started)
        {
            lock (gate)
                events.Add(SpaceEventKind.Started, started.Stream, sample: started.Sample + Shift(started.Stream));
        }

        internal void OnUnderrun(UnderrunMessage underrun)
        {
            lock (gate)
            {
                double at = underrun.Sample + Shift(underrun.Stream);
                events.Add(SpaceEventKind.Underrun, underrun.Stream, sample: at, number: underrun.LateMs);
            }
        }

        internal void OnNotice(NoticeMessage notice)
        {
            lock (gate)
                events.Add(SpaceEventKind.Notice, notice.Stream, text: notice.Text);
        }

        internal void OnFinished(FinishedMessage finished)
        {
            lock (gate)
            {
                if (finished.Reason == "closed" && State != SessionState.Closed) return; // it is taken up by another session
                Finish(finished.Stream, finished.Reason, finished.Sample + Shift(finished.Stream), finished.Dropped);
            }
        }

        /// <summary>The server has closed the session by itself: it is opened anew.</summary>
        internal void OnClosed(string reason)
        {
            lock (gate)
            {
                if (State == SessionState.Closed) return;
                events.Add(SpaceEventKind.Error, lastStream, reason, "the server closed the session; it is opened anew");
                OpenAnewLater();
            }
        }

        internal void OnError(ErrorMessage error)
        {
            lock (gate)
            {
                if (State == SessionState.Closed) return;
                if (error.Request.HasValue && error.Request == request)
                {
                    OnRefused(error);
                    return;
                }
                bool ours = stream != null && error.Stream == stream.Number && !stream.Finished;
                if (error.Code == ErrorCodes.UnknownStream && ours)
                {
                    Finish(stream.Number, "end", stream.Animated, 0);
                    return;
                }
                if (error.Code == ErrorCodes.TooMuchSound || error.Code == ErrorCodes.TooFast) PushAgainLater();
                else if (error.Code == ErrorCodes.UnknownSession) OpenAnewLater();
                events.Add(SpaceEventKind.Error, error.Stream ?? 0, error.Code, error.Text);
            }
        }

        private void OnRefused(ErrorMessage error)
        {
            request = 0;
            if (error.Code == ErrorCodes.BadToken)
            {
                token = default;
                AskOpen();
                return;
            }
            events.Add(SpaceEventKind.Error, 0, error.Code, error.Text);
            if (error.Code == ErrorCodes.Busy || error.Code == ErrorCodes.TooManySessions) OpenAnewLater();
            else Over(error.Code, error.Text);
        }

        private void OpenAnewLater()
        {
            token = default;
            request = 0;
            state = wasOpen ? SessionState.Lost : SessionState.Opening;
            retryAtMs = Clock.Ms + retryMs;
            retryMs = Math.Min(retryMs * 2, 5000);
        }

        private void Over(string code, string text)
        {
            state = SessionState.Closed;
            closedBecause = text.Length > 0 ? text : code;
            textures.Clear();
            events.Add(SpaceEventKind.Closed, lastStream, code, text);
        }

        private void Enter(uint session, SpaceEventKind kind)
        {
            id = session;
            client.Bind(id, this);
            state = SessionState.Open;
            events.Add(kind, lastStream);
        }

        private double Shift(uint number) => stream != null && stream.Number == number ? stream.ShiftSamples : 0;

        private void Finish(uint number, string reason, double sample, uint dropped)
        {
            if (stream != null && number == stream.Number)
            {
                stream.Finished = true;
                bool interrupted = !double.IsNaN(stream.InterruptAt);
                playback.Finish(number, interrupted ? Math.Min(sample, stream.InterruptAt) : sample);
            }
            events.Add(SpaceEventKind.Finished, number, reason, "", sample, dropped);
        }
    }
}
