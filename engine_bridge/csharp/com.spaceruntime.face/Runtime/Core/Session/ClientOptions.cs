using System;

namespace SpaceRuntime
{
    /// <summary>Address of the server and behaviour of the client.</summary>
    [Serializable]
    public sealed class ClientOptions
    {
        /// <summary>The server's address.</summary>
        public string Address = "tcp://127.0.0.1:5570";

        /// <summary>Name and version of the program, for the server's log.</summary>
        public string Name = "space-unity 0.1.0";

        /// <summary>Allows a server on another machine. The link is not encrypted: better use a relay.</summary>
        public bool AllowRemote;

        /// <summary>A ping goes out after so many milliseconds without another message.</summary>
        public int PingMs = 1000;

        /// <summary>A server that says nothing for so many milliseconds is gone.</summary>
        public int SilenceMs = 4000;

        /// <summary>Receives what happens to the connection, in words. Called on a thread of the client.</summary>
        [NonSerialized]
        public Action<string> Log;

        internal void Check()
        {
            if (string.IsNullOrEmpty(Address))
                throw new ArgumentException("the address is empty; expected tcp://HOST:PORT", nameof(Address));
            Argument.InRange(PingMs, 10, 60000, nameof(PingMs));
            Argument.InRange(SilenceMs, 10, 600000, nameof(SilenceMs));
        }
    }
}
