using System;

namespace SpaceRuntime
{
    /// <summary>A model's file that cannot be read; the message says what is wrong with it.</summary>
    public sealed class ModelException : Exception
    {
        /// <summary>Makes one with a sentence for people.</summary>
        public ModelException(string message) : base(message)
        {
        }
    }
}
