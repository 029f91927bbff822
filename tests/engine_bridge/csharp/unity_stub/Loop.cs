using System;
using System.Collections.Generic;
using System.Reflection;
using System.Threading;

namespace UnityEngine
{
    /// <summary>The player loop: order of calls, deferred destruction, thread check, errors that are logged and not thrown.</summary>
    internal static class Loop
    {
        internal static readonly List<GameObject> All = new List<GameObject>();
        internal static readonly List<Object> Doomed = new List<Object>();
        internal static readonly List<MonoBehaviour> Live = new List<MonoBehaviour>();
        internal static readonly List<string> Errors = new List<string>();
        internal static readonly List<string> Warnings = new List<string>();
        internal static readonly List<string> Logged = new List<string>();
        internal static readonly List<AudioSource> Sources = new List<AudioSource>();
        internal static readonly List<Playables.PlayableDirector> Directors = new List<Playables.PlayableDirector>();

        /// <summary>Values that were written in edit mode and that nobody will put back: they dirty the scene.</summary>
        internal static readonly List<string> Dirty = new List<string>();

        internal static bool IsPlaying = true;
        internal static int MainThread = Thread.CurrentThread.ManagedThreadId;
        private static readonly Comparison<MonoBehaviour> ByOrder = (a, b) => a.Order.CompareTo(b.Order);

        internal static void CheckThread()
        {
            if (Thread.CurrentThread.ManagedThreadId != MainThread)
                throw new InvalidOperationException("can only be called from the main thread");
        }

        /// <summary>One frame: sound goes on, Start, Update, LateUpdate, then what was to be destroyed.</summary>
        internal static void Step(float dt)
        {
            Time.deltaTime = Time.unscaledDeltaTime = dt;
            Time.Now += dt;
            AudioSettings.Advance(dt);
            Live.Sort(ByOrder);
            for (int i = 0; i < Live.Count; i++) Live[i].CallStart();
            for (int i = 0; i < Live.Count; i++) Live[i].CallUpdate();
            for (int i = 0; i < Directors.Count; i++) Directors[i].Advance(dt);
            for (int i = 0; i < Live.Count; i++) Live[i].CallLateUpdate();
            for (int i = 0; i < Doomed.Count; i++)
                if (Doomed[i]) Doomed[i].Die();
            Doomed.Clear();
        }

        /// <summary>Play mode ends: quitting, then OnDisable and OnDestroy of all.</summary>
        internal static void EndPlay()
        {
            Application.Quit();
            foreach (GameObject each in All.ToArray())
                if (each) each.Die();
            Live.Clear();
        }

        /// <summary>Runs the static methods that Unity calls when play mode begins without a domain reload.</summary>
        internal static void BeginPlay(Assembly package)
        {
            foreach (Type type in package.GetTypes())
                foreach (MethodInfo method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
                    if (method.GetCustomAttribute<RuntimeInitializeOnLoadMethodAttribute>() != null) method.Invoke(null, null);
        }

        internal static void Guarded(Action action)
        {
            if (action == null) return;
            try
            {
                action();
            }
            catch (Exception error)
            {
                Errors.Add(error.ToString());
            }
        }
    }

    public class Behaviour : Component
    {
        private bool on = true;

        public bool enabled
        {
            get => on;
            set
            {
                on = value;
                if (this is MonoBehaviour behaviour) behaviour.Refresh();
            }
        }

        public bool isActiveAndEnabled => on && Owner && Owner.activeInHierarchy && !Destroyed;
    }

    public class MonoBehaviour : Behaviour
    {
        private Action start, update, lateUpdate;
        private bool awake, live, started;

        internal int Order;

        internal void Refresh()
        {
            if (isActiveAndEnabled && !awake) WakeUp();
            if (isActiveAndEnabled == live) return;
            live = !live;
            if (live) Loop.Live.Add(this);
            else Loop.Live.Remove(this);
            Loop.Guarded(Method(live ? "OnEnable" : "OnDisable"));
        }

        internal void CallReset() => Loop.Guarded(Method("Reset"));

        internal void CallStart()
        {
            if (started || !live) return;
            started = true;
            Loop.Guarded(start);
        }

        internal void CallUpdate()
        {
            if (live) Loop.Guarded(update);
        }

        internal void CallLateUpdate()
        {
            if (live) Loop.Guarded(lateUpdate);
        }

        internal override void Die()
        {
            if (live)
            {
                live = false;
                Loop.Live.Remove(this);
                Loop.Guarded(Method("OnDisable"));
            }
            if (awake) Loop.Guarded(Method("OnDestroy"));
            base.Die();
        }

        private void WakeUp()
        {
            awake = true;
            Order = GetType().GetCustomAttribute<DefaultExecutionOrder>()?.Value ?? 0;
            start = Method("Start");
            update = Method("Update");
            lateUpdate = Method("LateUpdate");
            Loop.Guarded(Method("Awake"));
        }

        private Action Method(string called)
        {
            for (Type type = GetType(); type != typeof(MonoBehaviour); type = type.BaseType)
            {
                const BindingFlags own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic
                    | BindingFlags.DeclaredOnly;
                MethodInfo found = type.GetMethod(called, own, null, Type.EmptyTypes, null);
                if (found != null) return (Action)found.CreateDelegate(typeof(Action), this);
            }
            return null;
        }
    }

    public enum RuntimePlatform
    {
        LinuxPlayer = 13,
        WebGLPlayer = 17
    }

    public static class Application
    {
        public static event Action quitting;

        public static bool isPlaying => Loop.IsPlaying;

        public static bool isMobilePlatform { get; internal set; }

        public static RuntimePlatform platform { get; internal set; } = RuntimePlatform.LinuxPlayer;

        public static string streamingAssetsPath { get; internal set; } = "/nowhere";

        internal static int QuittingCount => quitting?.GetInvocationList().Length ?? 0;

        internal static void Quit() => quitting?.Invoke();
    }

    public class Time
    {
        internal static double Now;

        public static float deltaTime { get; internal set; }

        public static float unscaledDeltaTime { get; internal set; }

        public static double realtimeSinceStartupAsDouble => Now;
    }

    public class Debug
    {
        public static void Log(object message) => Log(message, null);

        public static void Log(object message, Object context) => Loop.Logged.Add(message.ToString());

        public static void LogWarning(object message, Object context) => Loop.Warnings.Add(message.ToString());
    }
}
