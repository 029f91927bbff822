using System.Collections.Generic;
using System.Text;

namespace SpaceRuntime
{
    /// <summary>The outcome of a batch, for people.</summary>
    public static class BakeReport
    {
        /// <summary>Returns the place in a batch that runs.</summary>
        public static string Place(BakeProgress progress)
        {
            if (progress.Total == 0) return "begins …";
            string left = progress.LeftSeconds.HasValue ? $", about {progress.LeftSeconds.Value:0} s left" : "";
            return $"{progress.Done} of {progress.Total}{left}";
        }

        /// <summary>Returns the report of a batch that has ended: counts of outcomes, then sentences.</summary>
        public static string Of(BakeRun run)
        {
            var text = new StringBuilder();
            text.Append(run.IsCancelled ? "cancelled; " : "");
            text.Append($"{run.Progress.Done} of {run.Progress.Total} lines: {Counts(run.Progress)}\n");
            foreach (BakeLine line in run.Progress.Lines)
            {
                if (line.Error.Length > 0) text.Append($"{line.Sound}: {line.Error}\n");
                foreach (string warning in line.Warnings) text.Append($"{line.Sound}: {warning}\n");
            }
            bool wrongCall = !run.IsCancelled && !run.Progress.IsOver;
            if (wrongCall) text.Append($"the program ended with {run.ExitCode}: {string.Join("\n", run.Said)}\n");
            return text.ToString();
        }

        private static string Counts(BakeProgress progress)
        {
            var counts = new SortedDictionary<string, int>();
            foreach (BakeLine line in progress.Lines)
                counts[line.Outcome] = counts.TryGetValue(line.Outcome, out int count) ? count + 1 : 1;
            var told = new List<string>();
            foreach (KeyValuePair<string, int> each in counts) told.Add($"{each.Value} {each.Key}");
            return told.Count > 0 ? string.Join(", ", told) : "none";
        }
    }
}
