using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>The message types by name.</summary>
    internal static class MessageTypes
    {
        private static readonly string[] Names =
        {
            "frame", "texture", "audio", "credit", "ping", "pong", "hello", "welcome", "error", "bye", "open", "opened",
            "resume", "resumed", "close", "closed", "start", "speak", "idle", "set", "motion", "end", "interrupt",
            "started", "underrun", "notice", "finished",
        };

        /// <summary>Their number.</summary>
        public static int Count => Names.Length;

        /// <summary>Returns the number of a name, or −1.</summary>
        public static int Find(ArraySegment<byte> name)
        {
            for (int i = 0; i < Names.Length; i++)
                if (Utf8.Same(name, Names[i])) return i;
            return -1;
        }

        /// <summary>Returns an empty message of a type.</summary>
        public static Message Create(int number)
        {
            switch (Names[number])
            {
                case "frame": return new FrameMessage();
                case "texture": return new TextureMessage();
                case "audio": return new AudioMessage();
                case "credit": return new CreditMessage();
                case "ping": return new PingMessage();
                case "pong": return new PongMessage();
                case "hello": return new HelloMessage();
                case "welcome": return new WelcomeMessage();
                case "error": return new ErrorMessage();
                case "bye": return new ByeMessage();
                case "open": return new OpenMessage();
                case "opened": return new OpenedMessage();
                case "resume": return new ResumeMessage();
                case "resumed": return new ResumedMessage();
                case "close": return new CloseMessage();
                case "closed": return new ClosedMessage();
                case "start": return new StartMessage();
                case "speak": return new SpeakMessage();
                case "idle": return new IdleMessage();
                case "set": return new SetMessage();
                case "motion": return new MotionMessage();
                case "end": return new EndMessage();
                case "interrupt": return new InterruptMessage();
                case "started": return new StartedMessage();
                case "underrun": return new UnderrunMessage();
                case "notice": return new NoticeMessage();
                default: return new FinishedMessage();
            }
        }
    }
}
