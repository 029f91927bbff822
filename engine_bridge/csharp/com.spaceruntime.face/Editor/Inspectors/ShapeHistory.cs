using System;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>The last weights of all shapes, drawn as curves: those that moved most.</summary>
    public sealed class ShapeHistory
    {
        private const int Kept = 150;
        private static readonly Color Ink = new Color(0.36f, 0.68f, 0.87f, 1);
        private readonly float[][] rows = new float[Kept][];
        private readonly float[] peaks = new float[ArkitShapes.Names.Length];
        private readonly int[] order = new int[ArkitShapes.Names.Length];
        private int next, count;

        /// <summary>Makes an empty one.</summary>
        public ShapeHistory()
        {
            for (int i = 0; i < rows.Length; i++) rows[i] = new float[ArkitShapes.Names.Length];
        }

        /// <summary>Takes the weights of an instant, in ARKit's order.</summary>
        public void Add(float[] weights)
        {
            Array.Copy(weights, rows[next], weights.Length);
            next = (next + 1) % Kept;
            count = Math.Min(count + 1, Kept);
        }

        /// <summary>Returns the shapes with the highest weights in what is kept, the highest first.</summary>
        public int[] Strongest(int most)
        {
            for (int shape = 0; shape < order.Length; shape++)
            {
                order[shape] = shape;
                peaks[shape] = 0;
                for (int i = 0; i < count; i++) peaks[shape] = Math.Max(peaks[shape], rows[i][shape]);
            }
            Array.Sort(order, (a, b) => peaks[a] != peaks[b] ? peaks[b].CompareTo(peaks[a]) : a.CompareTo(b));
            int shown = Math.Min(most, order.Length);
            while (shown > 0 && peaks[order[shown - 1]] <= 0) shown--;
            return new ArraySegment<int>(order, 0, shown).ToArray();
        }

        /// <summary>Draws the last weights of a shape, the newest at the right.</summary>
        public void Draw(Rect area, int shape)
        {
            float width = area.width / Kept;
            for (int i = 0; i < count; i++)
            {
                float height = Mathf.Clamp01(rows[(next - count + i + Kept) % Kept][shape]) * area.height;
                float x = area.x + (Kept - count + i) * width;
                EditorGUI.DrawRect(new Rect(x, area.y + area.height - height, width, height), Ink);
            }
        }
    }
}
