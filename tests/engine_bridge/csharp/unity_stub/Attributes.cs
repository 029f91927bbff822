using System;

namespace UnityEngine
{
    public sealed class SerializeField : Attribute
    {
    }

    public sealed class HideInInspector : Attribute
    {
    }

    public class TooltipAttribute : Attribute
    {
        public TooltipAttribute(string tooltip)
        {
        }
    }

    public class HeaderAttribute : Attribute
    {
        public HeaderAttribute(string header)
        {
        }
    }

    public sealed class RangeAttribute : Attribute
    {
        public RangeAttribute(float min, float max)
        {
        }
    }

    public sealed class MinAttribute : Attribute
    {
        public MinAttribute(float min)
        {
        }
    }

    public sealed class AddComponentMenu : Attribute
    {
        public AddComponentMenu(string menuName)
        {
        }
    }

    public sealed class ContextMenu : Attribute
    {
        public ContextMenu(string itemName)
        {
        }
    }

    public sealed class CreateAssetMenuAttribute : Attribute
    {
        public string menuName { get; set; }

        public string fileName { get; set; }
    }

    public class DefaultExecutionOrder : Attribute
    {
        internal readonly int Value;

        public DefaultExecutionOrder(int order) => Value = order;
    }

    public enum RuntimeInitializeLoadType
    {
        AfterSceneLoad = 0,
        SubsystemRegistration = 4,
    }

    public class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType loadType)
        {
        }
    }
}

namespace UnityEngine.Events
{
    public delegate void UnityAction();

    public delegate void UnityAction<T0>(T0 arg0);

    public class UnityEvent
    {
        private UnityAction all;

        public void AddListener(UnityAction call) => all += call;

        public void RemoveListener(UnityAction call) => all -= call;

        public void Invoke() => all?.Invoke();
    }

    public class UnityEvent<T0>
    {
        private UnityAction<T0> all;

        public void AddListener(UnityAction<T0> call) => all += call;

        public void RemoveListener(UnityAction<T0> call) => all -= call;

        public void Invoke(T0 arg0) => all?.Invoke(arg0);
    }
}
