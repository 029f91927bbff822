using System;
using System.Collections.Generic;
using System.Text;

namespace SpaceRuntime
{
    /// <summary>A call of <c>space-runtime bake</c> for a folder of sounds; the clips come beside them.</summary>
    public sealed class BakeCommand
    {
        /// <summary>The program, with words of its own where it needs some; a path with blanks stands in quotes.</summary>
        public string Program = "space-runtime";

        /// <summary>The folder of the sounds.</summary>
        public string Folder = "";

        /// <summary>Formats, separated by commas.</summary>
        public string Formats = "spaceclip";

        /// <summary>An emotion, a mixture or a track, as <c>--emotion</c> takes it; empty: none.</summary>
        public string Emotion = "";

        /// <summary>A style of speaking, as <c>--style</c> takes it; empty: the mean of all people.</summary>
        public string Style = "";

        /// <summary>Frames a second, as <c>--fps</c> takes it; empty: the program's own.</summary>
        public string Fps = "";

        /// <summary>The seed; empty: from each sound.</summary>
        public string Seed = "";

        /// <summary>Replaces results that were changed by hand.</summary>
        public bool Overwrite;

        /// <summary>Further options, as on a command line.</summary>
        public string More = "";

        /// <summary>Returns the words of the call, the program first. Raises <see cref="ArgumentException"/>.</summary>
        public List<string> Words()
        {
            List<string> words = WordsOf(Program);
            if (words.Count == 0) throw new ArgumentException("no program is named; expected the path of space-runtime");
            if (Folder.Length == 0) throw new ArgumentException("no folder is named");
            words.AddRange(new[] { "bake", Folder, "--out", Folder, "--formats", Formats, "--progress", "json" });
            Add(words, "--emotion", Emotion);
            Add(words, "--style", Style);
            Add(words, "--fps", Fps);
            Add(words, "--seed", Seed);
            if (Overwrite) words.Add("--overwrite");
            words.AddRange(WordsOf(More));
            return words;
        }

        /// <summary>Splits a command line at blanks, but not between double quotes.</summary>
        public static List<string> WordsOf(string line)
        {
            var words = new List<string>();
            var word = new StringBuilder();
            bool quoted = false, begun = false;
            foreach (char letter in line)
            {
                if (!quoted && char.IsWhiteSpace(letter))
                {
                    Take(words, word, ref begun);
                    continue;
                }
                begun = true;
                if (letter == '"') quoted = !quoted;
                else word.Append(letter);
            }
            Take(words, word, ref begun);
            return words;
        }

        /// <summary>Joins words to a command line that all systems split into these words again.</summary>
        public static string Joined(IReadOnlyList<string> words)
        {
            var line = new StringBuilder();
            foreach (string word in words) line.Append(line.Length > 0 ? " " : "").Append(IsPlain(word) ? word : Quoted(word));
            return line.ToString();
        }

        private static bool IsPlain(string word)
        {
            foreach (char letter in word)
                if (!char.IsLetterOrDigit(letter) && "-_./:,=".IndexOf(letter) < 0) return false;
            return word.Length > 0;
        }

        /// <summary>Backslashes count only before a quote: there they are doubled.</summary>
        private static string Quoted(string word)
        {
            var text = new StringBuilder("\"");
            int slashes = 0;
            foreach (char letter in word)
            {
                if (letter == '"') text.Append('\\', slashes + 1);
                slashes = letter == '\\' ? slashes + 1 : 0;
                text.Append(letter);
            }
            return text.Append('\\', slashes).Append('"').ToString();
        }

        private static void Take(List<string> words, StringBuilder word, ref bool begun)
        {
            if (begun) words.Add(word.ToString());
            word.Clear();
            begun = false;
        }

        private static void Add(List<string> words, string option, string value)
        {
            if (!string.IsNullOrWhiteSpace(value)) words.AddRange(new[] { option, value.Trim() });
        }
    }
}
