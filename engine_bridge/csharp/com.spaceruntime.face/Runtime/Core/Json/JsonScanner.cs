using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Text;

namespace SpaceRuntime
{
    /// <summary>
    /// Reads JSON from front to back: names, lists of texts, lists of numbers however they are nested, whole values that are
    /// passed over or kept. Bytes that are no JSON raise <see cref="JsonException"/>.
    /// </summary>
    internal sealed class JsonScanner
    {
        private const int MostDepth = 64;
        private readonly byte[] data;
        private int at;

        public JsonScanner(byte[] data)
        {
            this.data = data;
            if (data.Length >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF) at = 3;
        }

        /// <summary>Passes over a character that must come next.</summary>
        public void Expect(char wanted)
        {
            if (!TryTake(wanted)) throw Bad($"expected '{wanted}'");
        }

        /// <summary>Passes over a character if it comes next.</summary>
        public bool TryTake(char wanted)
        {
            if (Peek() != wanted) return false;
            at++;
            return true;
        }

        /// <summary>Nothing but white space may follow.</summary>
        public void ExpectEnd()
        {
            if (Peek() != 0 || at < data.Length) throw Bad("expected the end of the file");
        }

        /// <summary>Reads a text. Escapes of four digits are read one by one.</summary>
        public string Text()
        {
            Expect('"');
            int begin = at;
            while (at < data.Length && data[at] != '"') at += data[at] == '\\' ? 2 : 1;
            if (at >= data.Length) throw Bad("a text has no end");
            string raw = Encoding.UTF8.GetString(data, begin, at++ - begin);
            return raw.IndexOf('\\') < 0 ? raw : Unescaped(raw);
        }

        /// <summary>Reads a list of texts.</summary>
        public string[] Texts()
        {
            var found = new List<string>();
            Expect('[');
            while (!TryTake(']'))
            {
                if (found.Count > 0) Expect(',');
                found.Add(Text());
            }
            return found.ToArray();
        }

        /// <summary>Reads all numbers of a list, those of the lists in it among them.</summary>
        public double[] Numbers()
        {
            var found = new List<double>();
            Fill(found, 0);
            return found.ToArray();
        }

        /// <summary>Reads one number.</summary>
        public double Number()
        {
            Peek();
            bool good = Utf8Parser.TryParse(data.AsSpan(at), out double value, out int length);
            if (!good || double.IsNaN(value) || double.IsInfinity(value)) throw Bad("expected a number");
            at += length;
            return value;
        }

        /// <summary>Reads a whole value.</summary>
        public JsonNode Node() => Node(0);

        /// <summary>Passes over a value.</summary>
        public void Skip() => Skip(0);

        private void Fill(List<double> found, int depth)
        {
            if (depth > MostDepth) throw Bad("lists lie too deep in one another");
            Expect('[');
            if (TryTake(']')) return;
            do
            {
                if (Peek() == '[') Fill(found, depth + 1);
                else found.Add(Number());
            }
            while (TryTake(','));
            Expect(']');
        }

        private JsonNode Node(int depth)
        {
            if (depth > MostDepth) throw Bad("values lie too deep in one another");
            int next = Peek();
            if (next == '"') return JsonNode.Of(Text());
            if (next == '{') return JsonNode.Of(Members(depth));
            if (next == '[') return JsonNode.Of(Items(depth));
            if (Word("true")) return JsonNode.Of(true);
            if (Word("false")) return JsonNode.Of(false);
            return Word("null") ? JsonNode.Missing : JsonNode.Of(Number());
        }

        private Dictionary<string, JsonNode> Members(int depth)
        {
            var found = new Dictionary<string, JsonNode>();
            at++;
            if (TryTake('}')) return found;
            do
            {
                string key = Text();
                Expect(':');
                found[key] = Node(depth + 1);
            }
            while (TryTake(','));
            Expect('}');
            return found;
        }

        private List<JsonNode> Items(int depth)
        {
            var found = new List<JsonNode>();
            at++;
            if (TryTake(']')) return found;
            do found.Add(Node(depth + 1));
            while (TryTake(','));
            Expect(']');
            return found;
        }

        private void Skip(int depth)
        {
            if (depth > MostDepth) throw Bad("values lie too deep in one another");
            int next = Peek();
            if (next == '"') Text();
            else if (next == '{' || next == '[') SkipInside(next == '{', depth);
            else if (!(Word("true") || Word("false") || Word("null"))) Number();
        }

        private void SkipInside(bool isObject, int depth)
        {
            char end = isObject ? '}' : ']';
            at++;
            if (TryTake(end)) return;
            do
            {
                if (isObject)
                {
                    Text();
                    Expect(':');
                }
                Skip(depth + 1);
            }
            while (TryTake(','));
            Expect(end);
        }

        private bool Word(string word)
        {
            if (data.Length - at < word.Length) return false;
            for (int i = 0; i < word.Length; i++)
                if (data[at + i] != word[i]) return false;
            at += word.Length;
            return true;
        }

        /// <summary>The next byte that is no white space; 0 at the end.</summary>
        private int Peek()
        {
            while (at < data.Length && (data[at] == ' ' || data[at] == '\n' || data[at] == '\r' || data[at] == '\t')) at++;
            return at < data.Length ? data[at] : 0;
        }

        private static string Unescaped(string raw)
        {
            const string letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
            var text = new StringBuilder();
            for (int i = 0; i < raw.Length; i++)
            {
                if (raw[i] != '\\') text.Append(raw[i]);
                else if (letters.IndexOf(raw[++i]) is int known && known >= 0) text.Append(meanings[known]);
                else if (raw[i] == 'u' && i + 4 < raw.Length && IsHex(raw, i + 1, out char letter))
                {
                    text.Append(letter);
                    i += 4;
                }
                else throw new JsonException($"the text \"{raw}\" has an escape that JSON does not know");
            }
            return text.ToString();
        }

        private static bool IsHex(string raw, int begin, out char letter)
        {
            const System.Globalization.NumberStyles hex = System.Globalization.NumberStyles.AllowHexSpecifier;
            bool good = ushort.TryParse(raw.Substring(begin, 4), hex, null, out ushort code);
            letter = (char)code;
            return good;
        }

        private JsonException Bad(string why) => new JsonException($"{why} at byte {at}");
    }
}
