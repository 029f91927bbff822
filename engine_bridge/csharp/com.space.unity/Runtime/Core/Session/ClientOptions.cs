using System;

namespace SpaceRuntime
{
    /// <summary>Where the server is and how the client behaves.</summary>
    public sealed class ClientOptions
    {
        /// <summary>The server's address.</summary>
        public string Address = "tcp://127.0.0.1:5570";

        /// <summary>Name and version of the program, for the server's log.</summary>
        public string Name = "space-unity 0.1.0";

        /// <summary>Whether the server may be on another machine. The link is not encrypted: better use a relay.</summary>
        public bool AllowRemote;

        /// <summary>A ping goes out after so many milliseconds without another message.</summary>
        public int PingMs = 1000;

        /// <summary>A server that says nothing for so many milliseconds is gone.</summary>
        public int SilenceMs = 4000;

        /// <summary>Told what happens to the connection, in words. Called on a thread of the client.</summary>
        public Action<string> Log;
    }
}
