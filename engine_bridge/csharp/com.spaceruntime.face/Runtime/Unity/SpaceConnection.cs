using UnityEngine;
using UnityEngine.Events;

namespace SpaceRuntime
{
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

        [SerializeField] private UnityEvent connected = new UnityEvent();
        [SerializeField] private UnityEvent lost = new UnityEvent();

        private bool wasReady;

        /// <summary>The client; null while this is disabled, or the address cannot be used.</summary>
        public SpaceClient Client { get; private set; }

        /// <summary>The server's address. A change holds from the next enabling on.</summary>
        public string Address
        {
            get => address;
            set => address = value;
        }

        /// <summary>True while sessions can be opened.</summary>
        public bool IsReady => Client != null && Client.State == ClientState.Ready;

        /// <summary>The last trouble in words; empty where there was none.</summary>
        public string LastError { get; private set; } = "";

        /// <summary>The server is there.</summary>
        public UnityEvent Connected => connected;

        /// <summary>The server is gone; it is looked for again.</summary>
        public UnityEvent Lost => lost;

        private void OnEnable()
        {
            try
            {
                Client = SharedClients.Rent(new ClientOptions { Address = address, AllowRemote = allowRemote });
            }
            catch (System.ArgumentException error)
            {
                LastError = error.Message;
                Debug.LogWarning($"SPACE: {error.Message}", this);
            }
        }

        private void OnDisable()
        {
            if (Client == null) return;
            SharedClients.Return(Client);
            Client = null;
            wasReady = false;
        }

        private void Update()
        {
            if (Client == null) return;
            if (!ReferenceEquals(LastError, Client.LastError)) LastError = Client.LastError;
            if (IsReady == wasReady) return;
            wasReady = IsReady;
            (wasReady ? connected : lost).Invoke();
        }
    }
}
