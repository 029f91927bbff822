using System;
using System.Collections.Generic;
using System.Text;

namespace SpaceRuntime
{
    /// <summary>The progress of a batch, by what <c>bake --progress json</c> prints, line by line.</summary>
    public sealed class BakeProgress
    {
        private double doneSeconds, totalSeconds;

        /// <summary>The number of lines; 0 until the batch has begun.</summary>
        public int Total { get; private set; }

        /// <summary>The number of lines that have ended.</summary>
        public int Done { get; private set; }

        /// <summary>The number of lines that failed.</summary>
        public int Failed { get; private set; }

        /// <summary>Seconds that are left, about; null while that is unknown.</summary>
        public double? LeftSeconds { get; private set; }

        /// <summary>The sound in work that was told of last.</summary>
        public string Current { get; private set; } = "";

        /// <summary>Lines that have ended, in that order.</summary>
        public List<BakeLine> Lines { get; } = new List<BakeLine>();

        /// <summary>True after the last event of a batch.</summary>
        public bool IsOver { get; private set; }

        /// <summary>The part that is done, 0 … 1, with that of the line in work.</summary>
        public float Part
        {
            get
            {
                double within = totalSeconds > 0 ? Math.Min(1, doneSeconds / totalSeconds) : 0;
                return Total > 0 ? (float)Math.Min(1, (Done + within) / Total) : 0;
            }
        }

        /// <summary>Takes a printed line; one that is no event is passed over.</summary>
        public void Take(string printed)
        {
            if (printed == null || !printed.StartsWith("{", StringComparison.Ordinal)) return;
            try
            {
                Take(new JsonScanner(Encoding.UTF8.GetBytes(printed)).Node());
            }
            catch (JsonException)
            {
                // cut off by the end of the program: the report of what was whole stays
            }
        }

        private void Take(JsonNode told)
        {
            switch (told["event"].Text())
            {
                case "begin":
                    Total = told["n_lines"].Whole(0);
                    break;
                case "progress":
                    Current = told["sound"].Text();
                    doneSeconds = told["done_s"].Number(0);
                    totalSeconds = told["total_s"].Number(0);
                    break;
                case "line":
                    TakeLine(told);
                    break;
                case "end":
                    IsOver = true;
                    break;
            }
        }

        private void TakeLine(JsonNode told)
        {
            var line = new BakeLine(told);
            Lines.Add(line);
            Done = told["n_done"].Whole(Lines.Count);
            Total = told["n_lines"].Whole(Total);
            if (line.Outcome == "failed") Failed++;
            LeftSeconds = told["left_s"].Exists ? told["left_s"].Number(0) : (double?)null;
            doneSeconds = 0;
        }
    }
}
