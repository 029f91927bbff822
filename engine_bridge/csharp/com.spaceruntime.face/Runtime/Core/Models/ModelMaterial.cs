namespace SpaceRuntime
{
    /// <summary>The way of drawing what is not opaque.</summary>
    public enum ModelAlpha
    {
        /// <summary>Alpha does not count.</summary>
        Opaque,

        /// <summary>Below <see cref="ModelMaterial.AlphaCutoff"/> there is nothing.</summary>
        Mask,

        /// <summary>Transparent: what lies behind shines through.</summary>
        Blend,
    }

    /// <summary>The appearance of a part.</summary>
    public sealed class ModelMaterial
    {
        internal ModelMaterial(string name)
        {
            Name = name;
        }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>The factor of the picture's colour: red, green, blue, alpha, linear.</summary>
        public float[] Color { get; internal set; }

        /// <summary>The picture as a file, JPEG or PNG; null: none. Materials that share it share the array.</summary>
        public byte[] Picture { get; internal set; }

        /// <summary>The way of drawing what is not opaque.</summary>
        public ModelAlpha Alpha { get; internal set; }

        /// <summary>Alpha below which there is nothing.</summary>
        public float AlphaCutoff { get; internal set; }

        /// <summary>Both sides are drawn.</summary>
        public bool IsDoubleSided { get; internal set; }

        /// <summary>Roughness: 0 a mirror, 1 chalk.</summary>
        public float Roughness { get; internal set; }
    }
}
