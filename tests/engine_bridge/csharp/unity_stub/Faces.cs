using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public sealed partial class Mesh : Object
    {
        internal readonly List<string> Shapes = new List<string>();
        internal float Full = 100;

        public int blendShapeCount => Shapes.Count;

        public Vector3[] vertices { get; set; }

        public void AddBlendShapeFrame(
            string shapeName, float frameWeight, Vector3[] deltaVertices, Vector3[] deltaNormals, Vector3[] deltaTangents)
        {
            if (deltaVertices.Length != vertices.Length) throw new ArgumentException("as many deltas as vertices");
            Shapes.Add(shapeName);
            Moves.Add(deltaVertices);
            Full = frameWeight;
        }

        public string GetBlendShapeName(int shapeIndex) => Shapes[shapeIndex];

        public int GetBlendShapeFrameCount(int shapeIndex) => 1;

        public float GetBlendShapeFrameWeight(int shapeIndex, int frameIndex) => Full;
    }

    public partial class Renderer : Component
    {
        internal readonly Dictionary<int, Texture> Blocks = new Dictionary<int, Texture>();

        public void GetPropertyBlock(MaterialPropertyBlock properties)
        {
            properties.Textures.Clear();
            foreach (KeyValuePair<int, Texture> each in Blocks) properties.Textures[each.Key] = each.Value;
        }

        public void SetPropertyBlock(MaterialPropertyBlock properties)
        {
            Blocks.Clear();
            if (properties == null) return;
            foreach (KeyValuePair<int, Texture> each in properties.Textures) Blocks[each.Key] = each.Value;
        }
    }

    public partial class SkinnedMeshRenderer : Renderer
    {
        internal float[] Weights = new float[512];

        public Mesh sharedMesh { get; set; }

        public float GetBlendShapeWeight(int index) => Weights[Checked(index)];

        public void SetBlendShapeWeight(int index, float value)
        {
            Loop.CheckThread();
            bool kept = Loop.IsPlaying || UnityEditor.AnimationMode.Covers(this, index) || Weights[Checked(index)] == value;
            if (!kept) Loop.Dirty.Add($"{name}.{sharedMesh.Shapes[index]}");
            Weights[Checked(index)] = value;
        }

        private int Checked(int index)
        {
            if (index < 0 || index >= sharedMesh.blendShapeCount) throw new IndexOutOfRangeException("blend shape " + index);
            return index;
        }
    }

    public sealed class MaterialPropertyBlock
    {
        internal readonly Dictionary<int, Texture> Textures = new Dictionary<int, Texture>();

        public void SetTexture(int nameID, Texture value) => Textures[nameID] = value;
    }

    public class Shader : Object
    {
        private static readonly List<string> Names = new List<string>();

        public static int PropertyToID(string name)
        {
            if (!Names.Contains(name)) Names.Add(name);
            return Names.IndexOf(name);
        }
    }

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

    public struct Mathf
    {
        public const float Deg2Rad = 0.0174532924f;

        public static float Clamp01(float value) => value < 0 ? 0 : value > 1 ? 1 : value;

        public static float Clamp(float value, float min, float max) => value < min ? min : value > max ? max : value;

        public static float Max(float a, float b) => a > b ? a : b;

        public static float Min(float a, float b) => a < b ? a : b;
    }

    public struct Vector3
    {
        public float x;
        public float y;
        public float z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public static Vector3 operator +(Vector3 a, Vector3 b) => new Vector3(a.x + b.x, a.y + b.y, a.z + b.z);

        public static Vector3 operator -(Vector3 a, Vector3 b) => new Vector3(a.x - b.x, a.y - b.y, a.z - b.z);

        public static Vector3 operator *(Vector3 a, float d) => new Vector3(a.x * d, a.y * d, a.z * d);
    }

    public struct Quaternion
    {
        public float x;
        public float y;
        public float z;
        public float w;

        public Quaternion(float x, float y, float z, float w)
        {
            this.x = x;
            this.y = y;
            this.z = z;
            this.w = w;
        }

        public static Quaternion identity => new Quaternion(0, 0, 0, 1);

        public static Quaternion Inverse(Quaternion rotation) =>
            new Quaternion(-rotation.x, -rotation.y, -rotation.z, rotation.w);

        public static Quaternion Slerp(Quaternion a, Quaternion b, float t)
        {
            double dot = a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w, sign = dot < 0 ? -1 : 1;
            double angle = Math.Acos(Math.Min(1, Math.Abs(dot))), sine = Math.Sin(angle);
            double p = sine < 1e-6 ? 1 - t : Math.Sin((1 - t) * angle) / sine;
            double q = (sine < 1e-6 ? t : Math.Sin(t * angle) / sine) * sign;
            return new Quaternion(
                (float)(a.x * p + b.x * q), (float)(a.y * p + b.y * q), (float)(a.z * p + b.z * q), (float)(a.w * p + b.w * q));
        }

        public static Quaternion operator *(Quaternion lhs, Quaternion rhs) => new Quaternion(
            lhs.w * rhs.x + lhs.x * rhs.w + lhs.y * rhs.z - lhs.z * rhs.y,
            lhs.w * rhs.y + lhs.y * rhs.w + lhs.z * rhs.x - lhs.x * rhs.z,
            lhs.w * rhs.z + lhs.z * rhs.w + lhs.x * rhs.y - lhs.y * rhs.x,
            lhs.w * rhs.w - lhs.x * rhs.x - lhs.y * rhs.y - lhs.z * rhs.z);

        public static Vector3 operator *(Quaternion rotation, Vector3 point)
        {
            Quaternion moved = rotation * new Quaternion(point.x, point.y, point.z, 0) * Inverse(rotation);
            return new Vector3(moved.x, moved.y, moved.z);
        }
    }
}
