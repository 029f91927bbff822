namespace SpaceRuntime
{
    /// <summary>A place in a model's hierarchy: a bone, an eye, or what carries a mesh.</summary>
    public sealed class ModelNode
    {
        internal ModelNode(string name)
        {
            Name = name;
        }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>The index of the parent among the nodes, −1: none.</summary>
        public int Parent { get; internal set; } = -1;

        /// <summary>The index of its mesh, −1: none.</summary>
        public int Mesh { get; internal set; } = -1;

        /// <summary>The index of the skin that bends its mesh, −1: none.</summary>
        public int Skin { get; internal set; } = -1;

        /// <summary>The place in the parent: x, y, z.</summary>
        public float[] Translation { get; internal set; }

        /// <summary>The rotation in the parent: x, y, z, w.</summary>
        public float[] Rotation { get; internal set; }

        /// <summary>The scale in the parent: x, y, z.</summary>
        public float[] Scale { get; internal set; }
    }

    /// <summary>The bones that bend a mesh.</summary>
    public sealed class ModelSkin
    {
        internal ModelSkin(int[] bones, float[] bindPoses)
        {
            Bones = bones;
            BindPoses = bindPoses;
        }

        /// <summary>Indices of nodes.</summary>
        public int[] Bones { get; }

        /// <summary>A matrix of the mesh in each bone at rest: 16 numbers, column by column.</summary>
        public float[] BindPoses { get; }
    }
}
