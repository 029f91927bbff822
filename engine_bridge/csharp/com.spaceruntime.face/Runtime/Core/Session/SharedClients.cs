using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// One connection per server address, however many characters use it. A component of an engine rents a client when it is
    /// enabled and returns it when it is disabled; the last return ends the connection. Programs with one client need none of
    /// this.
    /// </summary>
    public static class SharedClients
    {
        private static readonly Dictionary<string, Entry> Entries = new Dictionary<string, Entry>();

        /// <summary>Returns the client for an address; the first to ask decides the other options.</summary>
        public static SpaceClient Rent(ClientOptions options)
        {
            lock (Entries)
            {
                if (!Entries.TryGetValue(options.Address, out Entry entry))
                    Entries[options.Address] = entry = new Entry(new SpaceClient(options));
                entry.Users++;
                return entry.Client;
            }
        }

        /// <summary>Gives a client back.</summary>
        public static void Return(SpaceClient client)
        {
            string unused = null;
            lock (Entries)
            {
                foreach (KeyValuePair<string, Entry> each in Entries)
                    if (each.Value.Client == client && --each.Value.Users == 0) unused = each.Key;
                if (unused == null) return;
                Entries.Remove(unused);
            }
            client.Dispose();
        }

        /// <summary>Ends all clients, whoever uses them: before a domain reload, and when play mode ends.</summary>
        public static void Clear()
        {
            var all = new List<SpaceClient>();
            lock (Entries)
            {
                foreach (Entry entry in Entries.Values) all.Add(entry.Client);
                Entries.Clear();
            }
            foreach (SpaceClient client in all) client.Dispose();
        }

        private sealed class Entry
        {
            public readonly SpaceClient Client;
            public int Users;

            public Entry(SpaceClient client) => Client = client;
        }
    }
}
