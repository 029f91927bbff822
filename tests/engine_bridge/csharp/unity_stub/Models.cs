// What models are made of: meshes with parts, materials, pictures. Members that Unity lacks are internal.
using System;
using System.Collections.Generic;
using UnityEngine.Rendering;

namespace UnityEngine
{
    public sealed class ExecuteAlways : Attribute
    {
    }

    public sealed partial class Mesh
    {
        internal static readonly List<Object> Made = new List<Object>();
        internal readonly List<Vector3[]> Moves = new List<Vector3[]>();
        internal int[][] Parts = new int[1][];

        public Mesh() => Made.Add(this);

        public IndexFormat indexFormat { get; set; }

        public Vector3[] normals { get; set; }

        public Vector2[] uv { get; set; }

        public BoneWeight[] boneWeights { get; set; }

        public Matrix4x4[] bindposes { get; set; }

        public Bounds bounds { get; set; }

        public int[] triangles
        {
            get
            {
                var all = new List<int>();
                foreach (int[] part in Parts) all.AddRange(part);
                return all.ToArray();
            }
            set => Parts = new[] { value };
        }

        public int subMeshCount
        {
            get => Parts.Length;
            set => Parts = new int[value][];
        }

        public void SetTriangles(int[] triangles, int submesh)
        {
            foreach (int corner in triangles)
                if (corner < 0 || corner >= vertices.Length) throw new ArgumentException("a corner outside of the vertices");
            if (vertices.Length > 65535 && indexFormat != IndexFormat.UInt32) throw new ArgumentException("16 bits are too few");
            Parts[submesh] = triangles;
        }

        public void RecalculateNormals() => normals = new Vector3[vertices.Length];
    }

    public partial class Renderer
    {
        public Material[] sharedMaterials { get; set; } = new Material[0];
    }

    public partial class SkinnedMeshRenderer
    {
        public Transform[] bones { get; set; } = new Transform[0];

        public Transform rootBone { get; set; }

        public bool updateWhenOffscreen { get; set; }
    }

    public partial class Transform
    {
        public Vector3 localScale { get; set; } = new Vector3(1, 1, 1);

        public int childCount => Children.Count;

        public Transform GetChild(int index) => Children[index];

        public bool IsChildOf(Transform parent)
        {
            for (Transform each = this; each; each = each.parent)
                if (each == parent) return true;
            return false;
        }
    }

    public partial class Texture
    {
        public int anisoLevel { get; set; } = 1;
    }

    public class Material : Object
    {
        internal static readonly List<Object> Made = new List<Object>();
        internal readonly Dictionary<string, object> Values = new Dictionary<string, object>();

        internal Material(params string[] properties)
        {
            foreach (string each in properties) Values[each] = 0f;
        }

        public Material(Material source)
        {
            foreach (KeyValuePair<string, object> each in source.Values) Values[each.Key] = each.Value;
            Made.Add(this);
        }

        public Texture mainTexture { get; set; }

        public bool HasProperty(string name) => Values.ContainsKey(name);

        public void SetFloat(string name, float value) => Values[Known(name)] = value;

        public void SetColor(string name, Color value) => Values[Known(name)] = value;

        private string Known(string name) => HasProperty(name) ? name : throw new ArgumentException("no property " + name);
    }

    public static class ImageConversion
    {
        internal static readonly List<byte[]> Loaded = new List<byte[]>();

        public static bool LoadImage(this Texture2D tex, byte[] data)
        {
            Loaded.Add(data);
            return true;
        }
    }

    public struct Vector2
    {
        public float x;
        public float y;

        public Vector2(float x, float y)
        {
            this.x = x;
            this.y = y;
        }
    }

    public struct Bounds
    {
        public Vector3 min { get; set; }

        public Vector3 max { get; set; }

        public void SetMinMax(Vector3 min, Vector3 max)
        {
            this.min = min;
            this.max = max;
        }
    }

    public struct BoneWeight
    {
        public float weight0 { get; set; }

        public float weight1 { get; set; }

        public float weight2 { get; set; }

        public float weight3 { get; set; }

        public int boneIndex0 { get; set; }

        public int boneIndex1 { get; set; }

        public int boneIndex2 { get; set; }

        public int boneIndex3 { get; set; }
    }

    public struct Matrix4x4
    {
        private double[] all;

        public float this[int row, int column]
        {
            get => (float)(all ?? new double[16])[row + 4 * column];
            set => (all = all ?? new double[16])[row + 4 * column] = value;
        }
    }
}

namespace UnityEngine.Rendering
{
    public enum IndexFormat
    {
        UInt16 = 0,
        UInt32 = 1,
    }
}
