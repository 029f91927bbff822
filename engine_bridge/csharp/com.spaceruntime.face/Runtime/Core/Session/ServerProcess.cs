using System;
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace SpaceRuntime
{
    /// <summary>The state of a server that this program started.</summary>
    public enum ServerState
    {
        /// <summary>It has not yet said where it is.</summary>
        Starting,

        /// <summary>It takes sessions at its endpoint.</summary>
        Ready,

        /// <summary>It could not be started, or has ended by itself.</summary>
        Failed,

        /// <summary>This program has ended it.</summary>
        Ended
    }

    /// <summary>
    /// A server that belongs to this program: started in the background, ended by <see cref="Dispose"/>, and by itself when this
    /// program is gone, because it then loses its standard input. Every member may be used from any thread; none blocks.
    /// </summary>
    public sealed class ServerProcess : IDisposable
    {
        /// <summary>Milliseconds within which a server has to say where it is.</summary>
        public const int StartMs = 20000;

        private const int GraceMs = 40;
        private readonly object gate = new object();
        private readonly ProcessStartInfo info;
        private readonly Timer limit;
        private readonly int startMs;
        private Process process;
        private ServerState state = ServerState.Starting;
        private bool failing;
        private string lastLine = "";

        /// <summary>
        /// Starts a program with words for it: the packaged server, or <c>space-runtime serve --ready-line --with-parent</c>.
        /// </summary>
        public ServerProcess(string program, string arguments = "", int startMs = StartMs)
        {
            Argument.InRange(startMs, 1, 600000, nameof(startMs));
            this.startMs = startMs;
            Program = program;
            info = new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            };
            limit = new Timer(_ => Fail($"has not said within {startMs} ms where it is; it was ended"));
            new Thread(Run) { IsBackground = true, Name = "space-server" }.Start();
        }

        /// <summary>The program.</summary>
        public string Program { get; }

        /// <summary>Its state.</summary>
        public ServerState State
        {
            get { lock (gate) return state; }
        }

        /// <summary>The endpoint at which it takes sessions; empty before it is ready.</summary>
        public string Endpoint { get; private set; } = "";

        /// <summary>The number of its process; 0 before it has one.</summary>
        public int Id { get; private set; }

        /// <summary>Why it failed, in words; empty where it did not.</summary>
        public string Error { get; private set; } = "";

        /// <summary>Returns the program of the packaged server in a folder.</summary>
        public static string ProgramIn(string folder) =>
            Path.Combine(folder, Path.DirectorySeparatorChar == '\\' ? "space-server.exe" : "space-server");

        /// <summary>Ends it, within 100 ms.</summary>
        public void Dispose()
        {
            Process ended;
            lock (gate)
            {
                if (state == ServerState.Starting || state == ServerState.Ready) state = ServerState.Ended;
                ended = process;
                process = null;
            }
            limit.Dispose();
            if (ended != null) End(ended, GraceMs);
        }

        private void Run()
        {
            try
            {
                if (!File.Exists(Program)) throw new FileNotFoundException("there is no such file");
                Process started = Process.Start(info);
                bool wanted;
                lock (gate)
                {
                    wanted = state == ServerState.Starting;
                    if (wanted) process = started;
                    Id = started.Id;
                }
                if (wanted) Listen(started);
                else End(started, 0);
            }
            catch (Exception error)
            {
                Fail($"cannot be started ({error.Message}); "
                    + "name the folder that `space-runtime package` wrote for this system");
            }
        }

        /// <summary>Reads what the server says until it is silent for good: a pipe that nobody reads would block it.</summary>
        private void Listen(Process started)
        {
            started.ErrorDataReceived += (_, line) =>
            {
                if (!string.IsNullOrWhiteSpace(line.Data)) lastLine = line.Data.Trim();
            };
            started.BeginErrorReadLine();
            SetLimit(startMs);
            string said = started.StandardOutput.ReadLine();
            SetLimit(Timeout.Infinite);
            string endpoint = said == null ? "" : EndpointOf(said);
            if (endpoint.Length == 0 && said != null)
                Fail($"said \"{said}\" instead of where it is; it is no server of this kind");
            lock (gate)
            {
                if (endpoint.Length > 0 && state == ServerState.Starting && !failing)
                {
                    Endpoint = endpoint;
                    state = ServerState.Ready;
                }
            }
            while (started.StandardOutput.ReadLine() != null) { }
            Thread.Sleep(GraceMs); // its last words come on another pipe
            Fail(lastLine.Length > 0 ? $"has ended: {lastLine}" : "has ended");
        }

        private void SetLimit(int ms)
        {
            try
            {
                limit.Change(ms, Timeout.Infinite);
            }
            catch (ObjectDisposedException)
            {
            }
        }

        /// <summary>
        /// Ends the server, then says why: who reads that it was ended finds no process any more. The first reason stays.
        /// </summary>
        private void Fail(string why)
        {
            Process ended;
            lock (gate)
            {
                if (failing || state == ServerState.Ended) return;
                failing = true;
                ended = process;
                process = null;
            }
            if (ended != null) End(ended, 0);
            lock (gate)
            {
                if (state == ServerState.Ended) return;
                Error = $"the server {Program} {why}";
                state = ServerState.Failed;
            }
        }

        /// <summary>
        /// Returns the endpoint in a line such as {"endpoint": "tcp://127.0.0.1:43121", "pid": 4711}; empty where none is.
        /// </summary>
        private static string EndpointOf(string line)
        {
            const string key = "\"endpoint\": \"";
            int at = line.IndexOf(key, StringComparison.Ordinal);
            int end = at < 0 ? -1 : line.IndexOf('"', at + key.Length);
            string found = end < 0 ? "" : line.Substring(at + key.Length, end - at - key.Length);
            return found.StartsWith("tcp://", StringComparison.Ordinal) ? found : "";
        }

        /// <summary>Lets a server end by itself for a moment, then ends it; what it has started ends with it.</summary>
        private static void End(Process ended, int graceMs)
        {
            try
            {
                ended.StandardInput.Close();
                if (ended.WaitForExit(graceMs)) return;
                ended.Kill();
                ended.WaitForExit(GraceMs);
            }
            catch (Exception error) when (error is InvalidOperationException || error is IOException
                || error is System.ComponentModel.Win32Exception)
            {
                // it has ended already
            }
        }
    }
}
