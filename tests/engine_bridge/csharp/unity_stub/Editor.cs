using System;

namespace UnityEditor
{
    public class InitializeOnLoadMethodAttribute : Attribute
    {
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback beforeAssemblyReload;

        internal static void Reload() => beforeAssemblyReload?.Invoke();
    }
}
