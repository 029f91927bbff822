using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Shows in play mode how a connection is, and what went wrong last.</summary>
    [CustomEditor(typeof(SpaceConnection))]
    public sealed class SpaceConnectionEditor : Editor
    {
        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var connection = (SpaceConnection)target;
            if (!Application.isPlaying) return;
            EditorGUILayout.HelpBox(StateOf(connection), connection.IsReady ? MessageType.None : MessageType.Warning);
        }

        /// <inheritdoc/>
        public override bool RequiresConstantRepaint() => Application.isPlaying;

        /// <summary>Returns the state in lines of text.</summary>
        public static string StateOf(SpaceConnection connection)
        {
            if (connection.Client == null) return $"not connected\n{connection.LastError}";
            ServerInfo server = connection.Client.Server;
            if (connection.IsReady)
                return $"connected to {server.Name}, which needs {server.LookAheadSeconds * 1000:0} ms of sound ahead";
            return $"{connection.Client.State}: does `space-runtime serve` run at {connection.Address}?\n{connection.LastError}";
        }
    }
}
