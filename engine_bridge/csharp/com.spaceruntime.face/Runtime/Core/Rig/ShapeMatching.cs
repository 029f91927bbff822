using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// Matches names onto those of a rig by four rules, one after the other: the same name; the same letters in any case;
    /// <c>_L</c> and <c>_R</c> written out; all this with the text after the last dot alone. Nothing is guessed.
    /// </summary>
    public static class ShapeMatching
    {
        private static readonly Func<string, string>[] Rules = { name => name, Lower, WrittenOut, AfterDot };

        /// <summary>Returns for each name the index of the one target that it drives, −1: none.</summary>
        public static int[] Match(string[] names, string[] targets)
        {
            var found = new int[names.Length];
            for (int i = 0; i < found.Length; i++) found[i] = -1;
            var taken = new bool[targets.Length];
            foreach (Func<string, string> rule in Rules) MatchBy(rule, names, targets, found, taken);
            return found;
        }

        private static void MatchBy(
            Func<string, string> rule, string[] names, string[] targets, int[] found, bool[] taken)
        {
            var free = new Dictionary<string, int>();
            for (int i = targets.Length - 1; i >= 0; i--)
                if (!taken[i]) free[rule(targets[i])] = i;
            for (int i = 0; i < names.Length; i++)
            {
                string wanted = rule == Rules[0] ? names[i] : WrittenOut(names[i]);
                if (found[i] >= 0 || !free.Remove(wanted, out int target)) continue;
                found[i] = target;
                taken[target] = true;
            }
        }

        private static string Lower(string text) => text.ToLowerInvariant();

        private static string WrittenOut(string text)
        {
            string lower = Lower(text);
            if (lower.EndsWith("_l", StringComparison.Ordinal)) return lower.Substring(0, lower.Length - 2) + "left";
            return lower.EndsWith("_r", StringComparison.Ordinal) ? lower.Substring(0, lower.Length - 2) + "right" : lower;
        }

        private static string AfterDot(string text) => WrittenOut(text.Substring(text.LastIndexOf('.') + 1));
    }
}
