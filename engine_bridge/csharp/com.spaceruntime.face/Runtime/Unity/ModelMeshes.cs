using UnityEngine;
using UnityEngine.Rendering;

namespace SpaceRuntime
{
    /// <summary>Turns meshes of a model into those of Unity, with their blend shapes at a full weight of 100.</summary>
    internal static class ModelMeshes
    {
        private const float FullWeight = 100;
        private const int MostOf16Bits = 65535;

        /// <summary>Makes a mesh.</summary>
        public static Mesh Made(ModelMesh mesh, HideFlags flags)
        {
            var made = new Mesh { name = mesh.Name, hideFlags = flags };
            if (mesh.VertexCount > MostOf16Bits) made.indexFormat = IndexFormat.UInt32;
            made.vertices = SpaceAxes.Positions(mesh.Positions);
            if (mesh.Normals != null) made.normals = SpaceAxes.Positions(mesh.Normals);
            made.uv = Texcoords(mesh.Texcoords);
            made.subMeshCount = mesh.Parts.Length;
            for (int i = 0; i < mesh.Parts.Length; i++) made.SetTriangles(SpaceAxes.Triangles(mesh.Parts[i].Triangles), i);
            if (mesh.Normals == null) made.RecalculateNormals();
            if (mesh.Bones != null) made.boneWeights = Shares(mesh);
            foreach (ModelShape shape in mesh.Shapes) AddShape(made, shape);
            made.bounds = Bounds(mesh);
            return made;
        }

        /// <summary>Returns the bones' matrices.</summary>
        public static Matrix4x4[] BindPoses(ModelSkin skin)
        {
            var found = new Matrix4x4[skin.Bones.Length];
            for (int i = 0; i < found.Length; i++) found[i] = SpaceAxes.Matrix(skin.BindPoses, i * 16);
            return found;
        }

        private static void AddShape(Mesh made, ModelShape shape)
        {
            Vector3[] turns = shape.Turns == null ? null : SpaceAxes.Positions(shape.Turns);
            made.AddBlendShapeFrame(shape.Name, FullWeight, SpaceAxes.Positions(shape.Moves), turns, null);
        }

        /// <summary>Unity counts v from the lower edge.</summary>
        private static Vector2[] Texcoords(float[] numbers)
        {
            var found = new Vector2[numbers.Length / 2];
            for (int i = 0; i < found.Length; i++) found[i] = new Vector2(numbers[2 * i], 1 - numbers[2 * i + 1]);
            return found;
        }

        private static BoneWeight[] Shares(ModelMesh mesh)
        {
            int[] bones = mesh.Bones;
            float[] shares = mesh.BoneShares;
            var found = new BoneWeight[mesh.VertexCount];
            for (int i = 0; i < found.Length; i++)
            {
                found[i].boneIndex0 = bones[4 * i];
                found[i].boneIndex1 = bones[4 * i + 1];
                found[i].boneIndex2 = bones[4 * i + 2];
                found[i].boneIndex3 = bones[4 * i + 3];
                found[i].weight0 = shares[4 * i];
                found[i].weight1 = shares[4 * i + 1];
                found[i].weight2 = shares[4 * i + 2];
                found[i].weight3 = shares[4 * i + 3];
            }
            return found;
        }

        /// <summary>The box of all shapes at full weight: a jaw that drops must not leave what is drawn.</summary>
        private static Bounds Bounds(ModelMesh mesh)
        {
            var bounds = new Bounds();
            if (mesh.VertexCount == 0) return bounds;
            float[] low = { float.MaxValue, float.MaxValue, float.MaxValue };
            float[] high = { float.MinValue, float.MinValue, float.MinValue };
            Widen(mesh.Positions, null, low, high);
            foreach (ModelShape shape in mesh.Shapes) Widen(mesh.Positions, shape.Moves, low, high);
            Vector3 a = SpaceAxes.Position(low[0], low[1], low[2]), b = SpaceAxes.Position(high[0], high[1], high[2]);
            bounds.SetMinMax(new Vector3(b.x, a.y, a.z), new Vector3(a.x, b.y, b.z));
            return bounds;
        }

        private static void Widen(float[] places, float[] moves, float[] low, float[] high)
        {
            for (int i = 0; i < places.Length; i++)
            {
                float at = moves == null ? places[i] : places[i] + moves[i];
                if (at < low[i % 3]) low[i % 3] = at;
                if (at > high[i % 3]) high[i % 3] = at;
            }
        }
    }
}
