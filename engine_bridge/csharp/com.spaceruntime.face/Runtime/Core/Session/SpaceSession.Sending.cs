using System;
using SpaceRuntime.Protocol;
using SpaceRuntime.Transport;

namespace SpaceRuntime
{
    // The way of a session's stream to the server, also after the link or the server was lost. Each step is sent
    // once it can be and remembered then, so that Flush may be called at any time.
    public sealed partial class SpaceSession
    {
        private const double AheadSeconds = 0.25;

        /// <summary>Motion before a position that a frame there may still depend on.</summary>
        private const double DrivenSeconds = 1;

        private void AskOpen()
        {
            OpenMessage open = options.ToMessage();
            if (open.Portrait.Count > client.FileLimit)
                Over("too_large", $"the portrait has {open.Portrait.Count} bytes; the server takes {client.FileLimit}");
            else Ask(number =>
            {
                open.Request = number;
                return open;
            });
        }

        private void Ask(Func<uint, Message> message)
        {
            uint number = client.NewRequest(this);
            if (Send(message(number))) request = number;
        }

        private bool Send(Message message) => client.Send(message);

        /// <summary>Sends what has not been sent of the current stream, as far as the server takes it.</summary>
        private void Flush()
        {
            if (State != SessionState.Open || stream == null || stream.Finished) return;
            if (!stream.StartSent && !SendBeginning()) return;
            SendChanges();
            SendMotion();
            if (stream.Kind == StreamKind.Pushed) SendSound();
            if (double.IsNaN(stream.InterruptAt) || stream.InterruptSent) return;
            var interrupt = new InterruptMessage { Session = id, Stream = stream.Number, FadeMs = stream.InterruptFadeMs };
            interrupt.AtSample = ServerSample(stream.InterruptAt);
            stream.InterruptSent = Send(interrupt);
        }

        private bool SendBeginning()
        {
            if (stream.File.Count > client.FileLimit)
            {
                string why = $"the file has {stream.File.Count} bytes; the server takes {client.FileLimit}";
                events.Add(SpaceEventKind.Error, stream.Number, "too_large", why);
                Finish(stream.Number, "failed", 0, 0);
                return false;
            }
            stream.StartSent = Send(stream.Beginning(id));
            return stream.StartSent;
        }

        private void SendChanges()
        {
            while (stream.Changes.Count > 0)
            {
                Change change = stream.Changes.Peek();
                var set = new SetMessage { Session = id, Stream = stream.Number, FadeMs = change.FadeMs };
                set.AtSample = ServerSample(change.At);
                set.Controls = change.Controls;
                if (!Send(set)) return;
                stream.Tell(stream.Changes.Dequeue());
            }
        }

        private ulong ServerSample(double position) =>
            (ulong)Math.Max(0, Math.Min(long.MaxValue / 2, position - stream.ShiftSamples));

        /// <summary>Sends the motion that is due: frames need it with the sound.</summary>
        private void SendMotion()
        {
            double animated = Math.Max(stream.Animated, stream.Begin);
            double until = animated + (double)client.SoundLimitMs * stream.Rate / 1000;
            stream.Motion.Forget(animated - (double)SoundHistory.KeptSeconds * stream.Rate);
            if (Clock.Ms < holdSoundUntilMs) return;
            while (stream.Motion.IsWaiting && stream.Motion.Next(motion, stream.Animated, until, stream.ShiftSamples))
            {
                motion.Session = id;
                motion.Stream = stream.Number;
                if (!Send(motion)) return;
                stream.Motion.Sent(motion);
            }
        }

        private void SendSound()
        {
            SoundHistory sound = stream.Sound;
            long ahead = client.SoundLimitMs * stream.Rate / 1000 * 9 / 10;
            long limit = Math.Min(sound.End, (long)stream.Animated + ahead);
            if (Clock.Ms < holdSoundUntilMs) return;
            while (stream.Cursor < limit)
            {
                int most = (int)Math.Min(limit - stream.Cursor, ChunkBytes / stream.BlockBytes);
                audio.Session = id;
                audio.Stream = stream.Number;
                audio.FirstSample = (ulong)stream.Cursor;
                audio.Pcm = sound.Read(stream.Cursor, most);
                if (!Send(audio)) return;
                stream.Cursor += audio.Pcm.Count / stream.BlockBytes;
            }
            if (stream.Ended && !stream.EndSent && stream.Cursor == sound.End)
                stream.EndSent = Send(new EndMessage { Session = id, Stream = stream.Number, SampleCount = (ulong)sound.End });
        }

        private void GrantCredit()
        {
            if (State != SessionState.Open || !credit.IsDue(playback.Waiting, out uint granted)) return;
            grant.Session = id;
            grant.Until = granted;
            if (Send(grant)) credit.Granted(granted);
        }

        /// <summary>Some sound was not taken; which, is not said. All that is not animated goes out again.</summary>
        private void PushAgainLater()
        {
            if (stream == null) return;
            holdSoundUntilMs = Clock.Ms + 250;
            stream.Motion.Rewind(stream.Animated - DrivenSeconds * stream.Rate);
            if (stream.Kind != StreamKind.Pushed) return;
            stream.Cursor = Math.Max(stream.Sound.First, Math.Min(stream.Cursor, (long)stream.Animated));
            stream.EndSent = false;
        }

        /// <summary>
        /// The session has survived; its sound goes on where the server says. A set without controls asks whether the stream
        /// still runs: if not, the answer is an error, and the word of its end was lost.
        /// </summary>
        private void GoOn(ulong nextSample)
        {
            stream.StartSent = true;
            stream.EndSent = stream.InterruptSent = false;
            if (stream.Kind == StreamKind.Pushed)
                stream.Cursor = Math.Max(stream.Sound.First, (long)Math.Min((ulong)stream.Sound.End, nextSample));
            stream.Motion.Rewind(stream.Animated - DrivenSeconds * stream.Rate);
            Send(new SetMessage { Session = id, Stream = stream.Number });
            long now = Clock.Ms;
            stream.TellAgain(change => change.At > stream.Animated || now - change.Ms < UnsureMs);
        }

        /// <summary>
        /// The server does not know the stream: it begins again, a bit ahead of playback, so that frames come before they are
        /// due. A file begins at its start, as fast as can be, since its sound is not here; an idle begins at 0, and its
        /// frames are shifted.
        /// </summary>
        private void TakeUp()
        {
            double spare = Math.Max(0, Math.Min(AheadSeconds, options.PlayoutMs / 1000.0 - LookAheadSeconds));
            double at = Math.Max(0, playback.Position + spare * stream.Rate);
            stream.StartSent = stream.EndSent = stream.InterruptSent = false;
            if (stream.Kind == StreamKind.Pushed) at = TakeUpSound(at);
            else if (stream.Kind == StreamKind.File)
            {
                stream.Pace = Pace.Clip;
                at = double.NegativeInfinity;
            }
            else
            {
                double interval = (double)stream.Rate * options.FpsDenominator / options.FpsNumerator;
                stream.ShiftFrames = (uint)Math.Min(int.MaxValue, Math.Ceiling(at / interval));
                stream.ShiftSamples = stream.ShiftFrames * interval;
            }
            stream.Motion.Rewind(at - DrivenSeconds * stream.Rate);
            stream.BeginAt(at);
        }

        private double TakeUpSound(double at)
        {
            SoundHistory sound = stream.Sound;
            if (stream.Ended && at >= sound.End) Finish(stream.Number, "end", sound.End, 0);
            long from = double.IsNegativeInfinity(playback.Position) ? stream.Begin : (long)Math.Min(at, sound.End);
            stream.Begin = stream.Cursor = Math.Max(sound.First, from);
            stream.Animated = stream.Begin;
            return stream.Begin;
        }
    }
}
