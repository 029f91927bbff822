using System.Collections.Generic;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Makes materials of a model from two of the project's, one for what is opaque and one for what is not, so that they fit
    /// its render pipeline. Properties that their shaders lack are left out.
    /// </summary>
    internal sealed class ModelMaterials
    {
        private readonly Material[] made;

        /// <summary>Makes all of a model, and adds them and their textures to <paramref name="all"/>.</summary>
        public ModelMaterials(GlbModel model, Material opaque, Material transparent, HideFlags flags, List<Object> all)
        {
            var textures = new Dictionary<byte[], Texture2D>();
            made = new Material[model.Materials.Length];
            for (int i = 0; i < made.Length; i++)
            {
                ModelMaterial from = model.Materials[i];
                Material basis = from.Alpha == ModelAlpha.Opaque ? opaque : transparent;
                if (!basis) continue;
                made[i] = Made(from, basis, textures, flags);
                all.Add(made[i]);
            }
            all.AddRange(textures.Values);
        }

        /// <summary>Returns the materials of a mesh's parts; null where the project gave none.</summary>
        public Material[] Of(ModelPart[] parts) =>
            System.Array.ConvertAll(parts, part => part.Material < 0 ? null : made[part.Material]);

        private static Material Made(ModelMaterial from, Material basis, Dictionary<byte[], Texture2D> textures, HideFlags flags)
        {
            var made = new Material(basis) { name = from.Name, hideFlags = flags };
            var color = new Color(from.Color[0], from.Color[1], from.Color[2], from.Color[3]);
            if (from.Picture != null) made.mainTexture = TextureOf(from, textures, flags);
            if (made.HasProperty("_Color")) made.SetColor("_Color", color);
            if (made.HasProperty("_BaseColor")) made.SetColor("_BaseColor", color);
            if (made.HasProperty("_Smoothness")) made.SetFloat("_Smoothness", 1 - from.Roughness);
            if (made.HasProperty("_Glossiness")) made.SetFloat("_Glossiness", 1 - from.Roughness);
            if (made.HasProperty("_Cull") && from.IsDoubleSided) made.SetFloat("_Cull", 0);
            if (made.HasProperty("_Cutoff") && from.Alpha == ModelAlpha.Mask) made.SetFloat("_Cutoff", from.AlphaCutoff);
            return made;
        }

        private static Texture2D TextureOf(ModelMaterial from, Dictionary<byte[], Texture2D> textures, HideFlags flags)
        {
            if (textures.TryGetValue(from.Picture, out Texture2D found)) return found;
            found = new Texture2D(2, 2, TextureFormat.RGBA32, true, false)
            {
                name = from.Name,
                hideFlags = flags,
                wrapMode = TextureWrapMode.Clamp,
                anisoLevel = 4,
            };
            found.LoadImage(from.Picture);
            return textures[from.Picture] = found;
        }
    }
}
