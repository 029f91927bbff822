// A stand-in for the part of UnityEngine that the package uses, for tests. Members that Unity lacks are internal.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Space.UnityTests")]
[assembly: InternalsVisibleTo("Unity.Timeline")]

namespace UnityEngine
{
    [Flags]
    public enum HideFlags
    {
        None = 0,
        DontSave = 52,
        HideAndDontSave = 61,
    }

    public class Object
    {
        internal bool Destroyed;

        public string name { get; set; } = "";

        public HideFlags hideFlags { get; set; }

        public static void Destroy(Object obj)
        {
            Loop.CheckThread();
            if (!Loop.IsPlaying) throw new InvalidOperationException("Destroy may not be called from edit mode");
            if (obj) Loop.Doomed.Add(obj);
        }

        public static void DestroyImmediate(Object obj)
        {
            Loop.CheckThread();
            if (obj) obj.Die();
        }

        public static implicit operator bool(Object exists) => !ReferenceEquals(exists, null) && !exists.Destroyed;

        public static bool operator ==(Object x, Object y) => x ? ReferenceEquals(x, y) : !y;

        public static bool operator !=(Object x, Object y) => !(x == y);

        public override bool Equals(object other) => ReferenceEquals(this, other);

        public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

        internal virtual void Die() => Destroyed = true;
    }

    public class ScriptableObject : Object
    {
        public static T CreateInstance<T>() where T : ScriptableObject => Activator.CreateInstance<T>();
    }

    public class TextAsset : Object
    {
        internal byte[] Data;

        public byte[] bytes => (byte[])Data.Clone();
    }

    public class Component : Object
    {
        internal GameObject Owner;

        public GameObject gameObject => Owner;

        public Transform transform => Owner.transform;

        public T GetComponent<T>() => Owner.GetComponent<T>();

        public T GetComponentInParent<T>()
        {
            for (Transform each = transform; each; each = each.parent)
                foreach (Component part in each.Owner.Parts)
                    if (part is T found && part) return found;
            return default;
        }

        public void GetComponentsInChildren<T>(bool includeInactive, List<T> result)
        {
            result.Clear();
            Collect(transform, includeInactive, result);
        }

        public T[] GetComponentsInChildren<T>(bool includeInactive)
        {
            var found = new List<T>();
            GetComponentsInChildren(includeInactive, found);
            return found.ToArray();
        }

        public T GetComponentInChildren<T>()
        {
            T[] found = GetComponentsInChildren<T>(false);
            return found.Length > 0 ? found[0] : default;
        }

        private static void Collect<T>(Transform from, bool includeInactive, List<T> result)
        {
            if (!includeInactive && !from.Owner.activeInHierarchy) return;
            foreach (Component part in from.Owner.Parts)
                if (part is T found) result.Add(found);
            foreach (Transform child in from.Children) Collect(child, includeInactive, result);
        }

        internal override void Die()
        {
            base.Die();
            Owner.Parts.Remove(this);
        }
    }

    public class GameObject : Object
    {
        internal readonly List<Component> Parts = new List<Component>();
        private bool active = true;

        public GameObject(string name)
        {
            Loop.CheckThread();
            this.name = name;
            transform = AddComponent<Transform>();
            Loop.All.Add(this);
        }

        public Transform transform { get; }

        public bool activeSelf => active;

        public bool activeInHierarchy => active && (!transform.parent || transform.parent.Owner.activeInHierarchy);

        public void SetActive(bool value)
        {
            Loop.CheckThread();
            active = value;
            Refresh();
        }

        public T AddComponent<T>() where T : Component
        {
            Loop.CheckThread();
            var made = Activator.CreateInstance<T>();
            made.Owner = this;
            made.name = name;
            Parts.Add(made);
            if (made is MonoBehaviour behaviour) behaviour.Refresh();
            return made;
        }

        public T GetComponent<T>()
        {
            foreach (Component part in Parts)
                if (part is T found) return found;
            return default;
        }

        public T[] GetComponentsInChildren<T>(bool includeInactive) => transform.GetComponentsInChildren<T>(includeInactive);

        public T GetComponentInChildren<T>() => transform.GetComponentInChildren<T>();

        internal void Refresh()
        {
            foreach (Component part in Parts.ToArray())
                if (part is MonoBehaviour behaviour) behaviour.Refresh();
            foreach (Transform child in transform.Children.ToArray()) child.Owner.Refresh();
        }

        internal override void Die()
        {
            foreach (Transform child in transform.Children.ToArray()) child.Owner.Die();
            foreach (Component part in Parts.ToArray())
                if (part != transform) part.Die();
            base.Die();
            transform.SetParent(null, false);
            transform.Destroyed = true;
            Loop.All.Remove(this);
        }
    }

    public partial class Transform : Component
    {
        internal readonly List<Transform> Children = new List<Transform>();
        private Quaternion turned = Quaternion.identity;

        public Transform parent { get; private set; }

        public Vector3 localPosition { get; set; }

        public Quaternion localRotation
        {
            get => turned;
            set
            {
                bool kept = Loop.IsPlaying || UnityEditor.AnimationMode.Covers(this) || turned.Equals(value);
                if (!kept) Loop.Dirty.Add(name);
                turned = value;
            }
        }

        public Quaternion rotation => parent ? parent.rotation * localRotation : localRotation;

        public Vector3 position => parent ? parent.TransformPoint(localPosition) : localPosition;

        public Vector3 TransformPoint(Vector3 position) => this.position + rotation * position;

        public Vector3 InverseTransformPoint(Vector3 position) => Quaternion.Inverse(rotation) * (position - this.position);

        public void SetParent(Transform parent, bool worldPositionStays)
        {
            if (this.parent) this.parent.Children.Remove(this);
            this.parent = parent;
            if (parent) parent.Children.Add(this);
        }
    }
}
