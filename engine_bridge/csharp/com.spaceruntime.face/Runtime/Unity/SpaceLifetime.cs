using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Ends all connections when play mode begins or ends, before a domain reload, and when the program quits.</summary>
    internal static class SpaceLifetime
    {
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Begin()
        {
            SharedClients.Clear();
            Application.quitting -= SharedClients.Clear;
            Application.quitting += SharedClients.Clear;
        }

#if UNITY_EDITOR
        [UnityEditor.InitializeOnLoadMethod]
        private static void BeginInEditor()
        {
            UnityEditor.AssemblyReloadEvents.beforeAssemblyReload -= SharedClients.Clear;
            UnityEditor.AssemblyReloadEvents.beforeAssemblyReload += SharedClients.Clear;
        }
#endif
    }
}
