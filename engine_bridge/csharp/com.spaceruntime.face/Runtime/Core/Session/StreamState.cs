using System;
using System.Collections.Generic;
using SpaceRuntime.Protocol;

namespace SpaceRuntime
{
    /// <summary>The sources of a stream's sound.</summary>
    internal enum StreamKind
    {
        Pushed,
        File,
        Idle,
    }

    /// <summary>A change of controls. At: media time in the caller's samples; Ms: when it was asked for.</summary>
    internal sealed class Change
    {
        public Controls Controls;
        public double At;
        public uint FadeMs;
        public long Ms;
    }

    /// <summary>A session's stream, and the share of it that the server has been told.</summary>
    internal sealed class StreamState
    {
        private const int MostTold = 64;

        public StreamKind Kind;
        public uint Number;
        public int Rate = 16000;
        public int Channels = 1;
        public SoundFormat Format;
        public Pace Pace;
        public Controls Controls = new Controls();
        public SoundHistory Sound;
        public readonly DriveHistory Motion = new DriveHistory();
        public ArraySegment<byte> File;
        public string Asset;

        /// <summary>The first sample of the stream at the server: its own beginning, or where it was taken up.</summary>
        public long Begin;

        /// <summary>The first sample that has not been sent.</summary>
        public long Cursor;

        /// <summary>Media time of the newest frame: what is certainly animated.</summary>
        public double Animated;

        /// <summary>Added to the server's frames; not 0 for an idle that was taken up, which begins at 0 again.</summary>
        public uint ShiftFrames;
        public double ShiftSamples;

        public bool StartSent, Ended, EndSent, Finished, InterruptSent;

        /// <summary>The sample at which the caller interrupted it; NaN: not at all.</summary>
        public double InterruptAt = double.NaN;
        public uint InterruptFadeMs;

        /// <summary>Changes that wait to be sent.</summary>
        public Queue<Change> Changes = new Queue<Change>();

        /// <summary>The last changes that were sent; those before are part of the controls.</summary>
        public readonly List<Change> Told = new List<Change>();

        public int BlockBytes => Channels * Pcm.Width(Format);

        /// <summary>A change has been sent.</summary>
        public void Tell(Change change)
        {
            Told.Add(change);
            if (Told.Count <= MostTold) return;
            Controls.Merge(Told[0].Controls);
            Told.RemoveAt(0);
        }

        /// <summary>Changes that may have been lost, or lie ahead, are sent again.</summary>
        public void TellAgain(Func<Change, bool> which)
        {
            var again = new Queue<Change>(Told.FindAll(change => which(change)));
            Told.RemoveAll(change => which(change));
            foreach (Change waiting in Changes) again.Enqueue(waiting);
            Changes = again;
        }

        /// <summary>Changes up to a position become controls of the beginning; the rest is sent again.</summary>
        public void BeginAt(double position)
        {
            TellAgain(change => change.At > position);
            foreach (Change past in Told) Controls.Merge(past.Controls);
            Told.Clear();
        }

        /// <summary>Returns the message that begins the stream.</summary>
        public StreamMessage Beginning(uint session)
        {
            string pace = Pace == Pace.Clip ? "clip" : null;
            StreamMessage message;
            if (Kind == StreamKind.Idle) message = new IdleMessage { Controls = Controls };
            else if (Kind == StreamKind.File)
                message = new SpeakMessage { Sound = File, Asset = Asset, Pace = pace, Controls = Controls };
            else message = Start(pace);
            message.Session = session;
            message.Stream = Number;
            return message;
        }

        private StartMessage Start(string pace)
        {
            return new StartMessage
            {
                Rate = (uint)Rate,
                Format = Format == SoundFormat.S16 ? "s16" : "f32",
                Channels = Channels == 1 ? (uint?)null : (uint)Channels,
                FirstSample = Begin == 0 ? (ulong?)null : (ulong)Begin,
                Pace = pace,
                Controls = Controls,
            };
        }
    }
}
