using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace SpaceRuntime
{
    /// <summary>
    /// A batch in a process of its own. It is polled, nothing waits for it: call <see cref="Poll"/> now and then until it says
    /// that the batch is over.
    /// </summary>
    public sealed class BakeRun : IDisposable
    {
        private const int MostSaid = 200;
        private const int PatienceMs = 2000;
        private readonly ConcurrentQueue<string> printed = new ConcurrentQueue<string>();
        private readonly ConcurrentQueue<string> said = new ConcurrentQueue<string>();
        private readonly Process process;
        private readonly Stopwatch sinceExit = new Stopwatch();
        private int openStreams = 2;
        private bool ended;

        private BakeRun(Process process) => this.process = process;

        /// <summary>Its progress.</summary>
        public BakeProgress Progress { get; } = new BakeProgress();

        /// <summary>Sentences that the program said about it, the last two hundred.</summary>
        public IReadOnlyCollection<string> Said => said;

        /// <summary>True after <see cref="Cancel"/>.</summary>
        public bool IsCancelled { get; private set; }

        /// <summary>The program's exit code: 0 good, 1 some lines failed, 2 a wrong call; null while it runs.</summary>
        public int? ExitCode { get; private set; }

        /// <summary>Begins a batch. Raises <see cref="ArgumentException"/> with a sentence where that cannot be.</summary>
        public static BakeRun Start(BakeCommand command)
        {
            List<string> words = command.Words();
            var info = new ProcessStartInfo(words[0])
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
                StandardErrorEncoding = Encoding.UTF8,
            };
            info.EnvironmentVariables["PYTHONIOENCODING"] = "utf-8";
            info.Arguments = BakeCommand.Joined(words.GetRange(1, words.Count - 1)); // Mono ignores lists of arguments
            var run = new BakeRun(new Process { StartInfo = info });
            run.Begin();
            return run;
        }

        /// <summary>Takes what has come since the last call; false: the batch is over.</summary>
        public bool Poll()
        {
            if (!ended && process.HasExited && IsAllHere())
            {
                ExitCode = process.ExitCode;
                ended = true;
            }
            while (printed.TryDequeue(out string line)) Progress.Take(line);
            return !ended;
        }

        /// <summary>Time for what an ended program printed; a child of it that lives on must not hold the batch up.</summary>
        private bool IsAllHere()
        {
            sinceExit.Start();
            return Volatile.Read(ref openStreams) <= 0 || sinceExit.ElapsedMilliseconds > PatienceMs;
        }

        /// <summary>Asks the program to end: lines that are done stay, nothing stays half-written.</summary>
        public void Cancel()
        {
            if (IsCancelled || ended) return;
            IsCancelled = true;
            try
            {
                if (!process.HasExited) Ask(process.Id);
            }
            catch (Exception error) when (error is Win32Exception || error is InvalidOperationException)
            {
                Kill();
            }
        }

        /// <summary>Asks it to end and waits for nothing.</summary>
        public void Dispose()
        {
            Cancel();
            process.Dispose();
        }

        private void Begin()
        {
            process.OutputDataReceived += (_, line) => Keep(printed, line.Data, int.MaxValue);
            process.ErrorDataReceived += (_, line) => Keep(said, line.Data, MostSaid);
            try
            {
                process.Start();
            }
            catch (Exception error) when (error is Win32Exception || error is InvalidOperationException)
            {
                process.Dispose();
                throw new ArgumentException(
                    $"'{process.StartInfo.FileName}' cannot be started ({error.Message}); give the path of space-runtime");
            }
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        private void Keep(ConcurrentQueue<string> lines, string line, int most)
        {
            if (line == null) Interlocked.Decrement(ref openStreams);
            if (string.IsNullOrEmpty(line)) return;
            lines.Enqueue(line);
            while (lines.Count > most) lines.TryDequeue(out _);
        }

        /// <summary>A signal that the program knows, or, where there are none, an end of it and of its workers.</summary>
        private static void Ask(int id)
        {
            bool windows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
            var info = windows
                ? new ProcessStartInfo("taskkill", $"/PID {id} /T /F")
                : new ProcessStartInfo("kill", $"-TERM {id}");
            info.UseShellExecute = false;
            info.CreateNoWindow = true;
            using (Process.Start(info))
            {
            }
        }

        private void Kill()
        {
            try
            {
                process.Kill();
            }
            catch (Exception error) when (error is Win32Exception || error is InvalidOperationException)
            {
                // it has ended by itself
            }
        }
    }
}
