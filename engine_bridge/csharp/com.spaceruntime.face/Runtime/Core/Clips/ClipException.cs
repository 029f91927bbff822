using System;

namespace SpaceRuntime
{
    /// <summary>A baked clip that cannot be read; the message says what is wrong with it.</summary>
    public sealed class ClipException : Exception
    {
        /// <summary>Makes one with a sentence for people.</summary>
        public ClipException(string message) : base(message)
        {
        }
    }
}
