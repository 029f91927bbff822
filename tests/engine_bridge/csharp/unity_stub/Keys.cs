// What a user interface of a game uses: keys, labels, buttons.
using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public enum KeyCode
    {
        None = 0,
        Space = 32,
        Alpha1 = 49,
        UpArrow = 273,
        DownArrow = 274,
        RightArrow = 275,
        LeftArrow = 276,
    }

    public enum EventType
    {
        KeyDown = 4,
        Repaint = 7,
    }

    public sealed class Event
    {
        public static Event current { get; internal set; }

        public EventType type { get; set; }

        public KeyCode keyCode { get; set; }
    }

    public partial class GUILayout
    {
        internal static readonly List<string> Labels = new List<string>();
        internal static Func<string, bool> Pressed = text => true;

        public static void BeginArea(Rect screenRect) => Labels.Clear();

        public static void EndArea()
        {
        }

        public static void Label(string text, params GUILayoutOption[] options) => Labels.Add(text);

        public static GUILayoutOption Width(float width) => new GUILayoutOption();
    }
}
