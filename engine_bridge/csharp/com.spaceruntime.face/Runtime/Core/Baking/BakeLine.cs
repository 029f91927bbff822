namespace SpaceRuntime
{
    /// <summary>The outcome of a line of a batch.</summary>
    public sealed class BakeLine
    {
        internal BakeLine(JsonNode told)
        {
            Sound = told["sound"].Text();
            Outcome = told["outcome"].Text();
            Error = told["error"].Text();
            Reason = told["reason"].Text();
            Outputs = Texts(told["outputs"]);
            Warnings = Texts(told["warnings"]);
        }

        /// <summary>The sound's path.</summary>
        public string Sound { get; }

        /// <summary>baked, unchanged, failed, stopped or planned.</summary>
        public string Outcome { get; }

        /// <summary>Why it failed, in a sentence; empty: it did not.</summary>
        public string Error { get; }

        /// <summary>Why it was baked, or was not.</summary>
        public string Reason { get; }

        /// <summary>Paths of the results.</summary>
        public string[] Outputs { get; }

        /// <summary>Sentences about the sound.</summary>
        public string[] Warnings { get; }

        private static string[] Texts(JsonNode list)
        {
            var texts = new string[list.Items.Count];
            for (int i = 0; i < texts.Length; i++) texts[i] = list.Items[i].Text();
            return texts;
        }
    }
}
