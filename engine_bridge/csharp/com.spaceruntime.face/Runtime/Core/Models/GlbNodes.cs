using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>Reads the hierarchy of a .glb and its skins, in an order in which parents come first.</summary>
    internal static class GlbNodes
    {
        /// <summary>Returns the nodes; <paramref name="places"/> says where a node of the file is among them.</summary>
        public static ModelNode[] Read(JsonNode document, int meshCount, out int[] places)
        {
            IReadOnlyList<JsonNode> all = document["nodes"].Items;
            int[] parents = Parents(all);
            places = new int[all.Count];
            List<int> order = Order(all, parents);
            if (order.Count != all.Count) throw new ModelException("nodes of the .glb are their own ancestors");
            for (int i = 0; i < order.Count; i++) places[order[i]] = i;
            var nodes = new ModelNode[order.Count];
            for (int i = 0; i < nodes.Length; i++)
            {
                int parent = parents[order[i]];
                nodes[i] = Node(all[order[i]], order[i], parent < 0 ? -1 : places[parent]);
                if (nodes[i].Mesh >= meshCount) throw new ModelException($"node {nodes[i].Name} has a mesh that is not there");
                if (nodes[i].Skin >= document["skins"].Items.Count)
                    throw new ModelException($"node {nodes[i].Name} has a skin that is not there");
            }
            return nodes;
        }

        public static ModelSkin[] ReadSkins(JsonNode document, GlbAccessors accessors, int[] places) =>
            GlbModel.All(document, "skins", (node, i) => Skin(node, accessors, places));

        private static ModelSkin Skin(JsonNode node, GlbAccessors accessors, int[] places)
        {
            IReadOnlyList<JsonNode> joints = node["joints"].Items;
            var bones = new int[joints.Count];
            for (int i = 0; i < bones.Length; i++)
            {
                int at = joints[i].Whole(int.MaxValue);
                if (at >= places.Length) throw new ModelException("a skin of the .glb has a bone that is not there");
                bones[i] = places[at];
            }
            JsonNode matrices = node["inverseBindMatrices"];
            if (!matrices.Exists) return new ModelSkin(bones, Identities(bones.Length));
            return new ModelSkin(bones, accessors.Floats(matrices.Whole(0), 16, bones.Length));
        }

        private static float[] Identities(int count)
        {
            var found = new float[count * 16];
            for (int i = 0; i < found.Length; i++) found[i] = i % 16 % 5 == 0 ? 1 : 0;
            return found;
        }

        private static int[] Parents(IReadOnlyList<JsonNode> all)
        {
            var parents = new int[all.Count];
            for (int i = 0; i < parents.Length; i++) parents[i] = -1;
            for (int i = 0; i < parents.Length; i++)
                foreach (JsonNode child in all[i]["children"].Items)
                {
                    int at = child.Whole(int.MaxValue);
                    if (at >= parents.Length || parents[at] >= 0)
                        throw new ModelException("the hierarchy of the .glb is damaged");
                    parents[at] = i;
                }
            return parents;
        }

        private static List<int> Order(IReadOnlyList<JsonNode> all, int[] parents)
        {
            var order = new List<int>();
            for (int i = 0; i < parents.Length; i++)
                if (parents[i] < 0) order.Add(i);
            for (int i = 0; i < order.Count; i++)
                foreach (JsonNode child in all[order[i]]["children"].Items) order.Add(child.Whole(0));
            return order;
        }

        private static ModelNode Node(JsonNode node, int index, int parent)
        {
            string name = node["name"].Text($"Node {index}");
            if (node["matrix"].Exists)
                throw new ModelException($"node {name} has a matrix; export translation, rotation and scale");
            return new ModelNode(name)
            {
                Parent = parent,
                Mesh = node["mesh"].Exists ? node["mesh"].Whole(0) : -1,
                Skin = node["skin"].Exists ? node["skin"].Whole(0) : -1,
                Translation = node["translation"].Numbers(0, 0, 0),
                Rotation = node["rotation"].Numbers(0, 0, 0, 1),
                Scale = node["scale"].Numbers(1, 1, 1),
            };
        }
    }
}
