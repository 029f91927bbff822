using System;

namespace SpaceRuntime
{
    /// <summary>Checks of arguments; the message names the argument, its value and its bounds.</summary>
    internal static class Argument
    {
        /// <summary>Raises <see cref="ArgumentOutOfRangeException"/> for a value outside its bounds.</summary>
        public static void InRange(long value, long least, long most, string name)
        {
            if (value >= least && value <= most) return;
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected {least} … {most}");
        }
    }
}
