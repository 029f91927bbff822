using System;
using System.Collections.Generic;
using System.Reflection;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>Makes the objects of a scene's file: components by the names of their classes, fields by theirs.</summary>
    public sealed class LoadedScene
    {
        private const BindingFlags Own =
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        /// <summary>An object that is not active yet, so that its fields can be set before anything runs.</summary>
        public static GameObject Add(string name)
        {
            var made = new GameObject(name);
            made.SetActive(false);
            return made;
        }

        public static Component AddComponent(GameObject to, string type) =>
            (Component)typeof(GameObject).GetMethod("AddComponent").MakeGenericMethod(Found(type)).Invoke(to, null);

        /// <summary>True where Unity would write the field into a scene.</summary>
        public static bool IsSerialized(object owner, string field)
        {
            FieldInfo found = Field(owner, field);
            return found != null && (found.IsPublic || found.IsDefined(typeof(SerializeField))) && !found.IsInitOnly;
        }

        public static string[] SerializedFields(object owner)
        {
            var found = new List<string>();
            for (Type type = owner.GetType(); type != null && type.Namespace != "UnityEngine"; type = type.BaseType)
                foreach (FieldInfo each in type.GetFields(Own))
                    if (IsSerialized(owner, each.Name)) found.Add(each.Name);
            return found.ToArray();
        }

        public static void Put(object owner, string field, object value) => Field(owner, field).SetValue(owner, value);

        public static void PutText(object owner, string field, string value) => Field(owner, field).SetValue(owner, value);

        public static void PutNumber(object owner, string field, double value)
        {
            FieldInfo into = Field(owner, field);
            bool isEnum = into.FieldType.IsEnum;
            into.SetValue(owner, isEnum ? Enum.ToObject(into.FieldType, (int)value) : Convert.ChangeType(value, into.FieldType));
        }

        public static object Get(object owner, string field) => Field(owner, field).GetValue(owner);

        /// <summary>Gives a list its items and returns them, or its places for objects of the scene.</summary>
        public static Array Grow(object owner, string field, int count)
        {
            FieldInfo into = Field(owner, field);
            if (!into.FieldType.IsArray) return count == 0 ? new object[0] : throw new ArgumentException(field + " is no array");
            Type item = into.FieldType.GetElementType();
            Array all = Array.CreateInstance(item, count);
            for (int i = 0; i < count; i++)
                if (!typeof(UnityEngine.Object).IsAssignableFrom(item)) all.SetValue(Activator.CreateInstance(item), i);
            into.SetValue(owner, all);
            return all;
        }

        public static Material MaterialOf(string[] properties) => new Material(properties);

        public static void Place(GameObject child, GameObject parent, double x, double y, double z)
        {
            if (parent) child.transform.SetParent(parent.transform, false);
            child.transform.localPosition = new Vector3((float)x, (float)y, (float)z);
        }

        /// <summary>Runs the user interface of a component for one event.</summary>
        public static string[] Gui(MonoBehaviour on, int key)
        {
            Event.current = new Event { type = key == 0 ? EventType.Repaint : EventType.KeyDown, keyCode = (KeyCode)key };
            Func<string, bool> before = GUILayout.Pressed;
            GUILayout.Pressed = text => false;
            on.GetType().GetMethod("OnGUI", Own).Invoke(on, null);
            GUILayout.Pressed = before;
            return GUILayout.Labels.ToArray();
        }

        private static FieldInfo Field(object owner, string name)
        {
            for (Type type = owner.GetType(); type != null; type = type.BaseType)
                if (type.GetField(name, Own) is FieldInfo found) return found;
            return null;
        }

        private static Type Found(string name)
        {
            foreach (Assembly each in AppDomain.CurrentDomain.GetAssemblies())
                if (each.GetType(name) is Type found) return found;
            throw new ArgumentException("no class " + name);
        }
    }
}
