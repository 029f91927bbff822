namespace UnityEngine
{
    public struct Color
    {
        public float r;
        public float g;
        public float b;
        public float a;

        public Color(float r, float g, float b, float a)
        {
            this.r = r;
            this.g = g;
            this.b = b;
            this.a = a;
        }
    }
}

namespace UnityEditor
{
    public sealed class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction delayCall;

        /// <summary>The editor goes on by a tick.</summary>
        internal static void Tick(double dt)
        {
            CallbackFunction due = delayCall;
            delayCall = null;
            due?.Invoke();
        }
    }
}
