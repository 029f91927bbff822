using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// One process per server program, however many components want it. A component rents it when it is enabled and returns it
    /// when it is disabled; the last return ends it.
    /// </summary>
    public static class SharedServers
    {
        private static readonly Dictionary<string, Entry> Entries = new Dictionary<string, Entry>();

        /// <summary>Returns the server of a program, started if it does not run; one that has failed is started anew.</summary>
        public static ServerProcess Rent(string program, string arguments = "")
        {
            lock (Entries)
            {
                if (!Entries.TryGetValue(program, out Entry entry) || entry.Server.State == ServerState.Failed)
                    Entries[program] = entry = new Entry(new ServerProcess(program, arguments));
                entry.Users++;
                return entry.Server;
            }
        }

        /// <summary>Gives a server back.</summary>
        public static void Return(ServerProcess server)
        {
            lock (Entries)
            {
                if (Entries.TryGetValue(server.Program, out Entry entry) && entry.Server == server)
                {
                    if (--entry.Users > 0) return;
                    Entries.Remove(server.Program);
                }
            }
            server.Dispose();
        }

        /// <summary>Ends all servers, whoever uses them: before a domain reload, and when play mode ends.</summary>
        public static void Clear()
        {
            var all = new List<ServerProcess>();
            lock (Entries)
            {
                foreach (Entry entry in Entries.Values) all.Add(entry.Server);
                Entries.Clear();
            }
            foreach (ServerProcess server in all) server.Dispose();
        }

        private sealed class Entry
        {
            public readonly ServerProcess Server;
            public int Users;

            public Entry(ServerProcess server) => Server = server;
        }
    }
}
