using System;
using System.Collections.Generic;

namespace UnityEngine.Playables
{
    public interface IPlayable
    {
        PlayableHandle GetHandle();
    }

    public interface IPlayableBehaviour
    {
    }

    /// <summary>A node of a graph: inputs with weights, a time, a behaviour.</summary>
    internal sealed class Node
    {
        internal readonly List<Node> Inputs = new List<Node>();
        internal float[] Weights = new float[0];
        internal double Time;
        internal PlayableBehaviour Behaviour;
    }

    public struct PlayableHandle
    {
        internal Node Node;
    }

    public struct Playable : IPlayable
    {
        internal Node Node;

        public PlayableHandle GetHandle() => new PlayableHandle { Node = Node };
    }

    public struct PlayableGraph
    {
        internal List<Node> Nodes;
    }

    public struct ScriptPlayable<T> : IPlayable where T : class, IPlayableBehaviour, new()
    {
        private Node node;

        public static ScriptPlayable<T> Create(PlayableGraph graph, int inputCount = 0)
        {
            var made = new Node { Behaviour = (PlayableBehaviour)(object)new T(), Weights = new float[inputCount] };
            graph.Nodes.Add(made);
            return new ScriptPlayable<T> { node = made };
        }

        public PlayableHandle GetHandle() => new PlayableHandle { Node = node };

        public T GetBehaviour() => (T)(object)node.Behaviour;

        public static implicit operator Playable(ScriptPlayable<T> playable) => new Playable { Node = playable.node };

        public static explicit operator ScriptPlayable<T>(Playable playable)
        {
            if (!(playable.Node.Behaviour is T)) throw new InvalidCastException();
            return new ScriptPlayable<T> { node = playable.Node };
        }
    }

    public static class PlayableExtensions
    {
        public static int GetInputCount<U>(this U playable) where U : struct, IPlayable => playable.GetHandle().Node.Inputs.Count;

        public static float GetInputWeight<U>(this U playable, int inputIndex) where U : struct, IPlayable =>
            playable.GetHandle().Node.Weights[inputIndex];

        public static Playable GetInput<U>(this U playable, int inputPort) where U : struct, IPlayable =>
            new Playable { Node = playable.GetHandle().Node.Inputs[inputPort] };

        public static double GetTime<U>(this U playable) where U : struct, IPlayable => playable.GetHandle().Node.Time;
    }

    public struct FrameData
    {
    }

    public abstract class PlayableBehaviour : IPlayableBehaviour
    {
        public virtual void OnPlayableDestroy(Playable playable)
        {
        }

        public virtual void OnBehaviourPause(Playable playable, FrameData info)
        {
        }

        public virtual void ProcessFrame(Playable playable, FrameData info, object playerData)
        {
        }
    }

    public struct PlayableBinding
    {
        public static readonly double DefaultDuration = double.PositiveInfinity;
    }

    public abstract class PlayableAsset : ScriptableObject
    {
        public virtual double duration => PlayableBinding.DefaultDuration;

        public abstract Playable CreatePlayable(PlayableGraph graph, GameObject owner);
    }

    /// <summary>A timeline as its player sees it.</summary>
    internal interface ITracks
    {
        /// <summary>Builds the nodes of all tracks.</summary>
        void Build(PlayableDirector director, PlayableGraph graph);

        /// <summary>Sets weights and times of all clips, and has all mixers called.</summary>
        void Process(PlayableDirector director, double time);

        /// <summary>All mixers are told that the playing pauses.</summary>
        void Pause();
    }

    /// <summary>Plays a timeline between Update and LateUpdate, on the game's clock.</summary>
    public class PlayableDirector : Behaviour
    {
        private readonly Dictionary<Object, Object> bindings = new Dictionary<Object, Object>();
        private PlayableGraph graph;
        private bool runs;

        public PlayableDirector() => Loop.Directors.Add(this);

        public PlayableAsset playableAsset { get; set; }

        public double time { get; set; }

        public void SetGenericBinding(Object key, Object value) => bindings[key] = value;

        public Object GetGenericBinding(Object key) => bindings.TryGetValue(key, out Object found) ? found : null;

        public void Evaluate()
        {
            if (graph.Nodes == null) RebuildGraph();
            ((ITracks)playableAsset).Process(this, time);
        }

        public void RebuildGraph()
        {
            End();
            graph.Nodes = new List<Node>();
            ((ITracks)playableAsset).Build(this, graph);
        }

        public void Play()
        {
            runs = true;
            RebuildGraph();
        }

        public void Pause()
        {
            runs = false;
            ((ITracks)playableAsset).Pause();
        }

        public void Stop()
        {
            runs = false;
            time = 0;
            End();
        }

        internal void Advance(float dt)
        {
            if (!runs || Destroyed) return;
            time += dt;
            if (time > playableAsset.duration) Stop();
            else Evaluate();
        }

        internal override void Die()
        {
            End();
            base.Die();
        }

        private void End()
        {
            List<Node> old = graph.Nodes;
            graph.Nodes = null;
            if (old == null) return;
            foreach (Node each in old) each.Behaviour?.OnPlayableDestroy(new Playable { Node = each });
        }
    }
}
