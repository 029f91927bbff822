using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>The shapes of one mesh that a rig's values drive. Full weight is a property of the mesh: 100 or 1.</summary>
    internal sealed class ShapeBinding
    {
        private readonly SkinnedMeshRenderer renderer;
        private readonly Mesh mesh;
        private readonly int[] shapes;
        private readonly float[] full, saved;

        /// <summary>Matches targets onto a mesh by name.</summary>
        public ShapeBinding(SkinnedMeshRenderer renderer, string[] targets)
        {
            this.renderer = renderer;
            mesh = renderer.sharedMesh;
            Names = NamesOf(mesh);
            shapes = ShapeMatching.Match(targets, Names);
            full = new float[shapes.Length];
            saved = new float[shapes.Length];
            for (int i = 0; i < shapes.Length; i++)
                if (shapes[i] >= 0) full[i] = FullWeight(mesh, shapes[i]);
        }

        /// <summary>Names of the mesh's shapes.</summary>
        public string[] Names { get; }

        /// <summary>True while the renderer lives and still has this mesh.</summary>
        public bool Fits => renderer && renderer.sharedMesh == mesh;

        /// <summary>Returns the mesh's shape that a target drives, −1: none.</summary>
        public int ShapeOf(int target) => shapes[target];

        /// <summary>Writes values 0 … 1.</summary>
        public void Apply(float[] values)
        {
            for (int i = 0; i < shapes.Length; i++)
                if (shapes[i] >= 0) renderer.SetBlendShapeWeight(shapes[i], values[i] * full[i]);
        }

        /// <summary>Remembers the weights of the shapes that are driven.</summary>
        public void Save()
        {
            for (int i = 0; i < shapes.Length; i++)
                if (shapes[i] >= 0) saved[i] = renderer.GetBlendShapeWeight(shapes[i]);
        }

        /// <summary>Writes the remembered weights where they are others by now.</summary>
        public void Restore()
        {
            for (int i = 0; i < shapes.Length; i++)
                if (shapes[i] >= 0 && renderer.GetBlendShapeWeight(shapes[i]) != saved[i])
                    renderer.SetBlendShapeWeight(shapes[i], saved[i]);
        }

        /// <summary>The object that has the renderer.</summary>
        public GameObject Object => renderer.gameObject;

        /// <summary>Makes an animation of the properties that are driven, without their values.</summary>
        public AnimationClip Properties()
        {
            var made = new AnimationClip { hideFlags = HideFlags.HideAndDontSave };
            AnimationCurve none = AnimationCurve.Constant(0, 0, 0);
            foreach (int shape in shapes)
                if (shape >= 0) made.SetCurve("", typeof(SkinnedMeshRenderer), "blendShape." + Names[shape], none);
            return made;
        }

        /// <summary>Returns the names of a mesh's shapes.</summary>
        public static string[] NamesOf(Mesh mesh)
        {
            var names = new string[mesh ? mesh.blendShapeCount : 0];
            for (int i = 0; i < names.Length; i++) names[i] = mesh.GetBlendShapeName(i);
            return names;
        }

        private static float FullWeight(Mesh mesh, int shape) =>
            mesh.GetBlendShapeFrameWeight(shape, mesh.GetBlendShapeFrameCount(shape) - 1);
    }
}
