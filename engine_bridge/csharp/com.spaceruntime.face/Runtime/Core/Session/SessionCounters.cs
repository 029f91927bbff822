namespace SpaceRuntime
{
    /// <summary>Counters of a session since it was opened.</summary>
    public readonly struct SessionCounters
    {
        internal SessionCounters(JitterBuffer playback, TextureQueue textures, long eventsDropped, long framesLost)
        {
            FramesTaken = playback.Taken;
            FramesReplaced = playback.Replaced;
            FramesLate = playback.Late;
            FramesForeign = playback.Foreign;
            FramesRefused = playback.Refused;
            FramesWaiting = playback.Waiting;
            FramesLost = framesLost;
            TexturesTaken = textures.Taken;
            TexturesSkipped = textures.Skipped;
            EventsDropped = eventsDropped;
        }

        /// <summary>Frames that were kept.</summary>
        public long FramesTaken { get; }

        /// <summary>Frames that came again.</summary>
        public long FramesReplaced { get; }

        /// <summary>Frames that came too late to be shown.</summary>
        public long FramesLate { get; }

        /// <summary>Frames of other streams, or beyond the end of a finished one.</summary>
        public long FramesForeign { get; }

        /// <summary>Frames for which there was no room.</summary>
        public long FramesRefused { get; }

        /// <summary>Frames that wait at this moment.</summary>
        public int FramesWaiting { get; }

        /// <summary>Frames that the server made but did not send, seen as gaps in their numbers.</summary>
        public long FramesLost { get; }

        /// <summary>Pictures that came.</summary>
        public long TexturesTaken { get; }

        /// <summary>Pictures that were never shown.</summary>
        public long TexturesSkipped { get; }

        /// <summary>Events that nobody asked for in time.</summary>
        public long EventsDropped { get; }
    }
}
