using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// A model of a binary glTF 2.0 (<c>.glb</c>) with its blend shapes, bones and pictures; the quantised ones of
    /// <c>KHR_mesh_quantization</c> too. All in the file's axes: right-handed, y up, a face to +z, in metres. Engines flip at
    /// their rim.
    /// </summary>
    public sealed class GlbModel
    {
        private const string Quantized = "KHR_mesh_quantization";

        private GlbModel(ModelNode[] nodes, ModelMesh[] meshes, ModelMaterial[] materials, ModelSkin[] skins)
        {
            Nodes = nodes;
            Meshes = meshes;
            Materials = materials;
            Skins = skins;
        }

        /// <summary>The nodes; a parent comes before its children.</summary>
        public ModelNode[] Nodes { get; }

        /// <summary>The meshes.</summary>
        public ModelMesh[] Meshes { get; }

        /// <summary>The materials.</summary>
        public ModelMaterial[] Materials { get; }

        /// <summary>The skins: the bones of meshes that are bent by some.</summary>
        public ModelSkin[] Skins { get; }

        /// <summary>Reads a file. Raises <see cref="ModelException"/> for everything that is no such file, or damaged.</summary>
        public static GlbModel Read(byte[] file)
        {
            try
            {
                var glb = new GlbFile(file);
                foreach (JsonNode each in glb.Document["extensionsRequired"].Items)
                    if (each.Text() != Quantized)
                        throw new ModelException($"the .glb needs {each.Text()}, which is not read; export it without");
                var accessors = new GlbAccessors(glb);
                ModelMaterial[] materials = GlbMaterials.Read(glb);
                ModelMesh[] meshes = new GlbMeshes(glb, accessors, materials.Length).Read();
                ModelNode[] nodes = GlbNodes.Read(glb.Document, meshes.Length, out int[] places);
                return new GlbModel(nodes, meshes, materials, GlbNodes.ReadSkins(glb.Document, accessors, places));
            }
            catch (JsonException error)
            {
                throw new ModelException($"the document of the .glb is damaged ({error.Message}); export it anew");
            }
        }

        /// <summary>Returns an item of a list of the document.</summary>
        internal static JsonNode At(JsonNode document, string list, int index)
        {
            IReadOnlyList<JsonNode> items = document[list].Items;
            if (index >= items.Count) throw new ModelException($"the .glb names number {index} of its {items.Count} {list}");
            return items[index];
        }

        /// <summary>Returns all items of a list of the document, read one by one.</summary>
        internal static T[] All<T>(JsonNode document, string list, Func<JsonNode, int, T> read)
        {
            IReadOnlyList<JsonNode> items = document[list].Items;
            var found = new T[items.Count];
            for (int i = 0; i < found.Length; i++) found[i] = read(items[i], i);
            return found;
        }
    }
}
