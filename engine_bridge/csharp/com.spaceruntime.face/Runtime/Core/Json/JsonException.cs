using System;

namespace SpaceRuntime
{
    /// <summary>JSON that cannot be read, or says something else than was expected. Readers turn it into theirs.</summary>
    internal sealed class JsonException : Exception
    {
        public JsonException(string message) : base(message)
        {
        }
    }
}
