using System;

namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// Positions of the fields in a message's bytes. Goes once through all bytes and refuses what is no message, so that
    /// whoever reads the fields afterwards may trust their structure. Used again and again: no garbage.
    /// </summary>
    internal sealed class MessageMap
    {
        private readonly int[] keyStarts = new int[WireLimits.Items];
        private readonly int[] keyLengths = new int[WireLimits.Items];
        private readonly int[] valueStarts = new int[WireLimits.Items];
        private int count;
        private int hint;

        /// <summary>The bytes that were scanned.</summary>
        public ArraySegment<byte> Data { get; private set; }

        /// <summary>Scans the single map in <paramref name="data"/>.</summary>
        public void Scan(ArraySegment<byte> data)
        {
            Data = data;
            hint = 0;
            count = 0;
            var reader = new MsgPackReader(data);
            int entries = reader.ReadMap();
            for (; count < entries; count++)
            {
                ArraySegment<byte> key = reader.ReadText();
                if (Holds(key)) throw new WireException("a map with the same key twice");
                keyStarts[count] = key.Offset;
                keyLengths[count] = key.Count;
                valueStarts[count] = reader.Position;
                reader.Skip(WireLimits.Depth - 1);
            }
            if (reader.Left > 0) throw new WireException($"{reader.Left} bytes after the message");
        }

        /// <summary>Returns a reader at the value of a field, or false where it is absent or nil.</summary>
        public bool TryFind(string key, out MsgPackReader reader)
        {
            reader = new MsgPackReader(Data);
            for (int n = 0; n < count; n++)
            {
                int i = hint + n < count ? hint + n : hint + n - count;
                if (!Utf8.Same(Key(i), key)) continue;
                hint = i + 1 == count ? 0 : i + 1;
                reader.Position = valueStarts[i];
                return !reader.TryReadNil();
            }
            return false;
        }

        private ArraySegment<byte> Key(int i) => new ArraySegment<byte>(Data.Array, keyStarts[i], keyLengths[i]);

        private bool Holds(ArraySegment<byte> key)
        {
            for (int i = 0; i < count; i++)
                if (keyLengths[i] == key.Count && key.AsSpan().SequenceEqual(Key(i))) return true;
            return false;
        }
    }
}
