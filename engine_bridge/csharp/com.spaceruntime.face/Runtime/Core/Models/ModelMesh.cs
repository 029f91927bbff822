namespace SpaceRuntime
{
    /// <summary>A mesh: vertices, the triangles of its parts, and its blend shapes.</summary>
    public sealed class ModelMesh
    {
        internal ModelMesh(string name, int vertexCount)
        {
            Name = name;
            VertexCount = vertexCount;
            Positions = new float[vertexCount * 3];
            Texcoords = new float[vertexCount * 2];
        }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>The number of vertices.</summary>
        public int VertexCount { get; }

        /// <summary>Places of the vertices: x, y, z each, in the frame of the mesh's node.</summary>
        public float[] Positions { get; }

        /// <summary>Normals: x, y, z each; null: the file has none.</summary>
        public float[] Normals { get; internal set; }

        /// <summary>Places in the picture: u to the right, v downwards from the upper edge.</summary>
        public float[] Texcoords { get; }

        /// <summary>Four bones of each vertex, as indices of the skin's bones; null: none.</summary>
        public int[] Bones { get; internal set; }

        /// <summary>Shares of those bones, which sum to 1; null: none.</summary>
        public float[] BoneShares { get; internal set; }

        /// <summary>The parts, each with a material of its own.</summary>
        public ModelPart[] Parts { get; internal set; }

        /// <summary>The blend shapes.</summary>
        public ModelShape[] Shapes { get; internal set; }
    }

    /// <summary>Triangles that share a material.</summary>
    public sealed class ModelPart
    {
        internal ModelPart(int[] triangles, int material)
        {
            Triangles = triangles;
            Material = material;
        }

        /// <summary>Three vertices each, counter-clockwise as seen from outside.</summary>
        public int[] Triangles { get; }

        /// <summary>The index of the material, −1: none.</summary>
        public int Material { get; }
    }

    /// <summary>A blend shape: what it adds to the vertices at full weight.</summary>
    public sealed class ModelShape
    {
        internal ModelShape(string name, float[] moves, float[] turns)
        {
            Name = name;
            Moves = moves;
            Turns = turns;
        }

        /// <summary>The name.</summary>
        public string Name { get; }

        /// <summary>Added to the places: x, y, z for each vertex.</summary>
        public float[] Moves { get; }

        /// <summary>Added to the normals; null: nothing.</summary>
        public float[] Turns { get; }
    }
}
