// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/server_ranges.py; change that.
namespace SpaceRuntime.Protocol
{
    /// <summary>
    /// The range of a number in a server's message, or of each number of an array: outside it there is no
    /// message, within it numbers are clamped to Least … Most.
    /// </summary>
    internal readonly struct ServerRange
    {
        public readonly string Message, Field;
        public readonly double Low, High, Least, Most;

        private ServerRange(string message, string field, double low, double high, double least, double most)
        {
            Message = message;
            Field = field;
            Low = low;
            High = high;
            Least = least;
            Most = most;
        }

        /// <summary>In the order of messages and fields.</summary>
        public static readonly ServerRange[] All =
        {
            new ServerRange("welcome", "look_ahead_s", 0.0, 3600.0, 0.0, 3600.0),
            new ServerRange("opened", "look_ahead_s", 0.0, 3600.0, 0.0, 3600.0),
            new ServerRange("started", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0),
            new ServerRange("underrun", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0),
            new ServerRange("finished", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0),
            new ServerRange("frame", "index", 0.0, 2147483647.0, 0.0, 2147483647.0),
            new ServerRange("frame", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0),
            new ServerRange("frame", "speech", -100.0, 100.0, 0.0, 1.0),
            new ServerRange("frame", "weights", -100.0, 100.0, 0.0, 1.0),
            new ServerRange("frame", "head", -1000.0, 1000.0, -1000.0, 1000.0),
            new ServerRange("frame", "eyes", -10.0, 10.0, -10.0, 10.0),
            new ServerRange("frame", "landmarks", -10000.0, 10000.0, -10000.0, 10000.0),
            new ServerRange("frame", "keypoints", -1000000.0, 1000000.0, -1000000.0, 1000000.0),
            new ServerRange("texture", "index", 0.0, 2147483647.0, 0.0, 2147483647.0),
            new ServerRange("texture", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0),
            new ServerRange("texture", "width", 1.0, 8192.0, 1.0, 8192.0),
            new ServerRange("texture", "height", 1.0, 8192.0, 1.0, 8192.0),
        };
    }

    /// <summary>
    /// A limit of <c>welcome</c> that a client follows; a number outside counts as the nearest end.
    /// </summary>
    internal readonly struct LimitRange
    {
        public readonly string Name;
        public readonly long Least, Most;

        private LimitRange(string name, long least, long most)
        {
            Name = name;
            Least = least;
            Most = most;
        }

        /// <summary>One a limit.</summary>
        public static readonly LimitRange[] All =
        {
            new LimitRange("message_bytes", 65536, 1073741824),
            new LimitRange("audio_ms", 100, 600000),
            new LimitRange("messages_per_s", 1, 1000000),
        };
    }
}
