using System;

namespace SpaceRuntime
{
    /// <summary>Reads the materials of a .glb, with their pictures (glTF 2.0, §3.9).</summary>
    internal static class GlbMaterials
    {
        public static ModelMaterial[] Read(GlbFile file)
        {
            byte[][] pictures = GlbModel.All(file.Document, "images", (node, i) => Picture(file, node));
            return GlbModel.All(file.Document, "materials", (node, i) => Material(file.Document, node, i, pictures));
        }

        private static ModelMaterial Material(JsonNode document, JsonNode node, int index, byte[][] pictures)
        {
            JsonNode surface = node["pbrMetallicRoughness"], texture = surface["baseColorTexture"];
            return new ModelMaterial(node["name"].Text($"Material {index}"))
            {
                Color = surface["baseColorFactor"].Numbers(1, 1, 1, 1),
                Picture = texture.Exists ? PictureOf(document, texture["index"].Whole(int.MaxValue), pictures) : null,
                Alpha = AlphaOf(node["alphaMode"].Text("OPAQUE")),
                AlphaCutoff = (float)node["alphaCutoff"].Number(0.5),
                IsDoubleSided = node["doubleSided"].Flag(false),
                Roughness = (float)surface["roughnessFactor"].Number(1),
            };
        }

        private static byte[] PictureOf(JsonNode document, int texture, byte[][] pictures)
        {
            int picture = GlbModel.At(document, "textures", texture)["source"].Whole(int.MaxValue);
            GlbModel.At(document, "images", picture);
            return pictures[picture];
        }

        private static byte[] Picture(GlbFile file, JsonNode node)
        {
            string kind = node["mimeType"].Text();
            if (kind != "image/jpeg" && kind != "image/png")
                throw new ModelException($"the .glb has a picture of type '{kind}'; expected JPEG or PNG inside of the file");
            return file.View(node["bufferView"].Whole(int.MaxValue), out _).AsSpan().ToArray();
        }

        private static ModelAlpha AlphaOf(string mode)
        {
            switch (mode)
            {
                case "OPAQUE": return ModelAlpha.Opaque;
                case "MASK": return ModelAlpha.Mask;
                case "BLEND": return ModelAlpha.Blend;
                default: throw new ModelException($"the .glb has a material of mode '{mode}'");
            }
        }
    }
}
