using System;
using System.Collections.Generic;
using System.Text;

namespace SpaceRuntime
{
    /// <summary>
    /// Reads the meshes of a .glb (glTF 2.0, §3.7). The primitives of a mesh become the parts of one mesh, their vertices one
    /// after another, so that each blend shape is one.
    /// </summary>
    internal sealed class GlbMeshes
    {
        private const int Triangles = 4, MostVertices = 1 << 22;

        private readonly JsonNode document;
        private readonly GlbAccessors accessors;
        private readonly int materialCount;

        public GlbMeshes(GlbFile file, GlbAccessors accessors, int materialCount)
        {
            document = file.Document;
            this.accessors = accessors;
            this.materialCount = materialCount;
        }

        public ModelMesh[] Read() => GlbModel.All(document, "meshes", Mesh);

        private ModelMesh Mesh(JsonNode node, int index)
        {
            IReadOnlyList<JsonNode> primitives = node["primitives"].Items;
            int[] firsts = Firsts(primitives, out int count);
            accessors.Reserve(count * 16L);
            var mesh = new ModelMesh(node["name"].Text($"Mesh {index}"), count) { Parts = new ModelPart[primitives.Count] };
            float[] normals = Has(primitives, "NORMAL") ? mesh.Normals = new float[count * 3] : null;
            bool bent = Has(primitives, "JOINTS_0");
            if (bent) mesh.Bones = new int[count * 4];
            if (bent) mesh.BoneShares = new float[count * 4];
            for (int i = 0; i < primitives.Count; i++)
            {
                JsonNode attributes = primitives[i]["attributes"];
                int first = firsts[i], n = VertexCount(primitives[i]);
                Put(attributes["POSITION"], 3, first, n, mesh.Positions);
                if (normals != null) Put(attributes["NORMAL"], 3, first, n, normals);
                Put(attributes["TEXCOORD_0"], 2, first, n, mesh.Texcoords);
                if (bent) PutBones(attributes, first, n, mesh);
                mesh.Parts[i] = Part(primitives[i], first, n);
            }
            mesh.Shapes = Shapes(node, primitives, firsts, mesh);
            return mesh;
        }

        /// <summary>Primitives that name the same arrays share their vertices.</summary>
        private int[] Firsts(IReadOnlyList<JsonNode> primitives, out int count)
        {
            var firsts = new int[primitives.Count];
            var known = new Dictionary<string, int>();
            long total = 0;
            for (int i = 0; i < firsts.Length; i++)
            {
                string arrays = Arrays(primitives[i]);
                if (known.TryGetValue(arrays, out firsts[i])) continue;
                known[arrays] = firsts[i] = (int)total;
                total += VertexCount(primitives[i]);
                if (total > MostVertices) throw new ModelException($"a mesh of the .glb has more than {MostVertices} vertices");
            }
            count = (int)total;
            return firsts;
        }

        private static string Arrays(JsonNode primitive)
        {
            var text = new StringBuilder();
            Write(text, primitive["attributes"]);
            foreach (JsonNode target in primitive["targets"].Items) Write(text, target);
            return text.ToString();
        }

        private static void Write(StringBuilder text, JsonNode attributes)
        {
            if (!attributes.Exists) return;
            foreach (KeyValuePair<string, JsonNode> each in attributes.Members)
                text.Append(each.Key).Append('=').Append(each.Value.Whole(0)).Append(' ');
            text.Append('/');
        }

        /// <summary>The count is believed only where bytes stand behind it.</summary>
        private int VertexCount(JsonNode primitive)
        {
            JsonNode place = primitive["attributes"]["POSITION"];
            if (!place.Exists) throw new ModelException("a mesh of the .glb has no POSITION");
            if (!GlbModel.At(document, "accessors", place.Whole(0))["bufferView"].Exists)
                throw new ModelException("the POSITION of a mesh has no buffer view");
            return accessors.Count(place.Whole(0));
        }

        private static bool Has(IReadOnlyList<JsonNode> primitives, string attribute)
        {
            foreach (JsonNode each in primitives)
                if (!each["attributes"][attribute].Exists) return false;
            return primitives.Count > 0;
        }

        private void Put(JsonNode accessor, int width, int first, int count, float[] into)
        {
            if (accessor.Exists) accessors.Floats(accessor.Whole(0), width, count).CopyTo(into, first * width);
        }

        private void PutBones(JsonNode attributes, int first, int count, ModelMesh mesh)
        {
            accessors.Wholes(attributes["JOINTS_0"].Whole(0), 4, count, 1 << 16).CopyTo(mesh.Bones, first * 4);
            if (!attributes["WEIGHTS_0"].Exists) throw new ModelException("a mesh of the .glb has JOINTS_0 without WEIGHTS_0");
            Put(attributes["WEIGHTS_0"], 4, first, count, mesh.BoneShares);
        }

        private ModelPart Part(JsonNode primitive, int first, int count)
        {
            if (primitive["mode"].Whole(Triangles) != Triangles)
                throw new ModelException("a mesh of the .glb has points, lines or strips; expected triangles");
            int[] triangles = primitive["indices"].Exists ? Indices(primitive["indices"].Whole(0), count) : InOrder(count);
            if (triangles.Length % 3 != 0) throw new ModelException("a mesh of the .glb has a triangle without three corners");
            for (int i = 0; i < triangles.Length; i++) triangles[i] += first;
            JsonNode material = primitive["material"];
            if (material.Exists && material.Whole(0) >= materialCount)
                throw new ModelException("a mesh of the .glb has a material that is not there");
            return new ModelPart(triangles, material.Exists ? material.Whole(0) : -1);
        }

        private int[] Indices(int accessor, int vertexCount)
        {
            if (!GlbModel.At(document, "accessors", accessor)["bufferView"].Exists)
                throw new ModelException("the triangles of a mesh have no buffer view");
            return accessors.Wholes(accessor, 1, accessors.Count(accessor), vertexCount);
        }

        private static int[] InOrder(int count)
        {
            var found = new int[count];
            for (int i = 0; i < count; i++) found[i] = i;
            return found;
        }

        private ModelShape[] Shapes(JsonNode mesh, IReadOnlyList<JsonNode> primitives, int[] firsts, ModelMesh into)
        {
            int n = primitives.Count > 0 ? primitives[0]["targets"].Items.Count : 0;
            foreach (JsonNode each in primitives)
                if (each["targets"].Items.Count != n)
                    throw new ModelException("the parts of a mesh differ in their blend shapes");
            IReadOnlyList<JsonNode> names = mesh["extras"]["targetNames"].Items;
            var shapes = new ModelShape[n];
            for (int k = 0; k < n; k++)
            {
                accessors.Reserve(into.VertexCount * 6L);
                string name = k < names.Count ? names[k].Text() : $"target_{k}";
                shapes[k] = new ModelShape(
                    name,
                    Added(primitives, firsts, k, "POSITION", into.VertexCount) ?? new float[into.VertexCount * 3],
                    Added(primitives, firsts, k, "NORMAL", into.VertexCount));
            }
            return shapes;
        }

        /// <summary>Returns what a shape adds to an attribute of all primitives; null: nothing to any of them.</summary>
        private float[] Added(IReadOnlyList<JsonNode> primitives, int[] firsts, int shape, string attribute, int count)
        {
            float[] added = null;
            for (int i = 0; i < primitives.Count; i++)
            {
                JsonNode accessor = primitives[i]["targets"].Items[shape][attribute];
                if (!accessor.Exists) continue;
                added = added ?? new float[count * 3];
                Put(accessor, 3, firsts[i], VertexCount(primitives[i]), added);
            }
            return added;
        }
    }
}
