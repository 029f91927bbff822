using UnityEngine;
using UnityEngine.Events;

namespace SpaceRuntime
{
    /// <summary>When a connection starts the server that the game carries.</summary>
    public enum ServerStart
    {
        /// <summary>Never: somebody else runs one.</summary>
        Never,

        /// <summary>When nobody answers at the address.</summary>
        WhenNoneAnswers,

        /// <summary>Always; the address is not used.</summary>
        Always
    }

    /// <summary>
    /// The connection to a server. It connects in the background, again and again; components with the same address share one.
    /// Disabling it, and the end of play mode, end it within 100 ms.
    /// </summary>
    [AddComponentMenu("SPACE/Space Connection")]
    [DefaultExecutionOrder(-900)]
    public sealed class SpaceConnection : MonoBehaviour
    {
        [SerializeField, Tooltip("Where `space-runtime serve` listens.")]
        private string address = "tcp://127.0.0.1:5570";

        [SerializeField, Tooltip("A server on another machine; the link is not encrypted, better use a relay.")]
        private bool allowRemote = false;

        [SerializeField, Tooltip("Starts the server in Server Folder, and ends it with this. Not on phones and in browsers.")]
        private ServerStart startServer = ServerStart.Never;

        [SerializeField, Tooltip("What `space-runtime package` wrote: a path, or a folder in StreamingAssets.")]
        private string serverFolder = "space-server";

        [SerializeField] private UnityEvent connected = new UnityEvent();
        [SerializeField] private UnityEvent lost = new UnityEvent();

        private const float AnswerSeconds = 1.5f;
        private const float AgainSeconds = 5;

        private bool wasReady;
        private ServerProcess server;
        private double startAt;
        private string warned;

        /// <summary>The client; null while this is disabled, or the address cannot be used.</summary>
        public SpaceClient Client { get; private set; }

        /// <summary>The server's address. A change holds from the next enabling on.</summary>
        public string Address
        {
            get => address;
            set => address = value;
        }

        /// <summary>When the server in <see cref="ServerFolder"/> is started. A change holds from the next enabling on.</summary>
        public ServerStart StartServer
        {
            get => startServer;
            set => startServer = value;
        }

        /// <summary>The folder of the packaged server: a path, or a folder in StreamingAssets.</summary>
        public string ServerFolder
        {
            get => serverFolder;
            set => serverFolder = value;
        }

        /// <summary>The server that was started for this; null where none was.</summary>
        public ServerProcess Server => server;

        /// <summary>True while sessions can be opened.</summary>
        public bool IsReady => Client != null && Client.State == ClientState.Ready;

        /// <summary>The last trouble in words; empty where there was none.</summary>
        public string LastError { get; private set; } = "";

        /// <summary>The server is there.</summary>
        public UnityEvent Connected => connected;

        /// <summary>The server is gone; it is looked for again.</summary>
        public UnityEvent Lost => lost;

        private static double Now => Time.realtimeSinceStartupAsDouble;

        private void OnEnable()
        {
            startAt = startServer == ServerStart.Never ? double.PositiveInfinity : Now;
            if (startServer == ServerStart.Always) return;
            startAt += AnswerSeconds;
            Connect(address);
        }

        private void OnDisable()
        {
            Disconnect(false);
            if (server != null) SharedServers.Return(server);
            server = null;
        }

        private void Update()
        {
            FollowServer();
            if (Client == null) return;
            if (!ReferenceEquals(LastError, Client.LastError)) LastError = Client.LastError;
            if (IsReady == wasReady) return;
            wasReady = IsReady;
            (wasReady ? connected : lost).Invoke();
        }

        /// <summary>Starts a server when it is time, connects once it is ready, starts another one when it has failed.</summary>
        private void FollowServer()
        {
            if (server == null)
            {
                if (Now < startAt || IsReady) return;
                StartOwn();
            }
            else if (server.State == ServerState.Ready)
            {
                if (Client == null) Connect(server.Endpoint);
            }
            else if (server.State == ServerState.Failed)
            {
                Warn(server.Error);
                SharedServers.Return(server);
                server = null;
                Disconnect(true);
                startAt = Now + AgainSeconds;
            }
        }

        private void StartOwn()
        {
            if (Application.isMobilePlatform || Application.platform == RuntimePlatform.WebGLPlayer)
            {
                startAt = double.PositiveInfinity;
                Warn("this platform starts no programs; use baked clips, or a server in the network (Start Server: Never)");
                return;
            }
            Disconnect(true);
            string folder = System.IO.Path.Combine(Application.streamingAssetsPath, serverFolder);
            server = SharedServers.Rent(ServerProcess.ProgramIn(folder));
        }

        private void Connect(string to)
        {
            try
            {
                Client = SharedClients.Rent(new ClientOptions { Address = to, AllowRemote = allowRemote });
            }
            catch (System.ArgumentException error)
            {
                Warn(error.Message);
            }
        }

        private void Disconnect(bool tells)
        {
            if (Client == null) return;
            SharedClients.Return(Client);
            Client = null;
            if (wasReady && tells) lost.Invoke();
            wasReady = false;
        }

        /// <summary>Says a trouble, once as long as it stays the same.</summary>
        private void Warn(string trouble)
        {
            LastError = trouble;
            if (trouble == warned) return;
            warned = trouble;
            Debug.LogWarning($"SPACE: {trouble}", this);
        }
    }
}
