using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// A value of JSON in memory. What is not there reads as <see cref="Missing"/>, and that as what the caller names.
    /// </summary>
    internal sealed class JsonNode
    {
        /// <summary>The node for what is not there, or null.</summary>
        public static readonly JsonNode Missing = new JsonNode(null);

        private static readonly IReadOnlyList<JsonNode> None = Array.Empty<JsonNode>();

        private readonly object value;

        private JsonNode(object value) => this.value = value;

        public static JsonNode Of(string text) => new JsonNode(text);

        public static JsonNode Of(double number) => new JsonNode(number);

        public static JsonNode Of(bool flag) => new JsonNode(flag);

        public static JsonNode Of(Dictionary<string, JsonNode> members) => new JsonNode(members);

        public static JsonNode Of(List<JsonNode> items) => new JsonNode(items);

        /// <summary>True where there is something.</summary>
        public bool Exists => value != null;

        /// <summary>A member of an object.</summary>
        public JsonNode this[string key]
        {
            get
            {
                if (value == null) return Missing;
                return As<Dictionary<string, JsonNode>>("an object").TryGetValue(key, out JsonNode found) ? found : Missing;
            }
        }

        /// <summary>The members of an object.</summary>
        public IReadOnlyDictionary<string, JsonNode> Members => As<Dictionary<string, JsonNode>>("an object");

        /// <summary>The items of a list; none where it is missing.</summary>
        public IReadOnlyList<JsonNode> Items => value == null ? None : As<List<JsonNode>>("a list");

        /// <summary>The text, or another where it is missing.</summary>
        public string Text(string otherwise = "") => value == null ? otherwise : As<string>("a text");

        /// <summary>The number, or another where it is missing.</summary>
        public double Number(double otherwise) =>
            value == null ? otherwise : value is double found ? found : throw No("a number");

        /// <summary>The flag, or another where it is missing.</summary>
        public bool Flag(bool otherwise) =>
            value == null ? otherwise : value is bool found ? found : throw No("true or false");

        /// <summary>The whole number from 0 on, or another where it is missing.</summary>
        public int Whole(int otherwise)
        {
            if (value == null) return otherwise;
            double found = Number(0);
            if (!(found >= 0 && found <= int.MaxValue) || found != Math.Floor(found)) throw No("a whole number");
            return (int)found;
        }

        /// <summary>So many numbers, or others where they are missing.</summary>
        public float[] Numbers(params float[] otherwise)
        {
            if (value == null) return otherwise;
            if (Items.Count != otherwise.Length)
                throw new JsonException($"expected {otherwise.Length} numbers, got {Items.Count}");
            var found = new float[otherwise.Length];
            for (int i = 0; i < found.Length; i++) found[i] = (float)Items[i].Number(0);
            return found;
        }

        private T As<T>(string wanted) where T : class => value as T ?? throw No(wanted);

        private JsonException No(string wanted) => new JsonException($"expected {wanted}, got {Kind}");

        private string Kind =>
            value is string ? "a text" : value is double ? "a number" : value is bool ? "true or false"
            : value is List<JsonNode> ? "a list" : value == null ? "nothing" : "an object";
    }
}
