using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Ends all connections, and all servers that were started, when play mode begins or ends, before a domain reload, and when
    /// the program quits.
    /// </summary>
    internal static class SpaceLifetime
    {
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Begin()
        {
            End();
            Application.quitting -= End;
            Application.quitting += End;
        }

        private static void End()
        {
            SharedClients.Clear();
            SharedServers.Clear();
        }

#if UNITY_EDITOR
        [UnityEditor.InitializeOnLoadMethod]
        private static void BeginInEditor()
        {
            UnityEditor.AssemblyReloadEvents.beforeAssemblyReload -= End;
            UnityEditor.AssemblyReloadEvents.beforeAssemblyReload += End;
        }
#endif
    }
}
