using System.Text;
using UnityEngine;

namespace SpaceRuntime.Tests
{
    /// <summary>A triangle with blend shapes, and a clip whose jaw opens and shuts: all that a test needs.</summary>
    public sealed class TestAvatar
    {
        public const float ClipSeconds = 1;

        public readonly GameObject Object = new GameObject("avatar");
        public readonly SkinnedMeshRenderer Renderer;

        public TestAvatar(float fullWeight, params string[] shapes)
        {
            var deltas = new[] { new Vector3(0, 1, 0), new Vector3(0, 0, 0), new Vector3(0, 0, 0) };
            var mesh = new Mesh();
            mesh.vertices = new[] { new Vector3(0, 0, 0), new Vector3(0, 1, 0), new Vector3(1, 0, 0) };
            mesh.triangles = new[] { 0, 1, 2 };
            foreach (string shape in shapes) mesh.AddBlendShapeFrame(shape, fullWeight, deltas, null, null);
            Renderer = Object.AddComponent<SkinnedMeshRenderer>();
            Renderer.sharedMesh = mesh;
        }

        /// <summary>Reads <see cref="ClipFile"/>.</summary>
        public static FaceClip Clip() => FaceClip.Read(ClipFile());

        /// <summary>Returns the file of a clip whose jaw opens fully in the middle of a second.</summary>
        public static byte[] ClipFile()
        {
            var text = new StringBuilder("{\"fps\":[30,1],\"blendshape_names\":[\"jawOpen\"],\"times_s\":[");
            for (int i = 0; i <= 30; i++) text.Append(i == 0 ? "0" : $",{i * 1000 / 30}e-3");
            text.Append("],\"blendshapes\":[");
            for (int i = 0; i <= 30; i++) text.Append($"{(i == 0 ? "" : ",")}{(i < 15 ? i : 30 - i) * 1000 / 15}e-3");
            return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
        }

        public void Destroy()
        {
            Remove(Renderer.sharedMesh);
            Remove(Object);
        }

        /// <summary>Edit mode knows only one way.</summary>
        private static void Remove(UnityEngine.Object made)
        {
            if (Application.isPlaying) UnityEngine.Object.Destroy(made);
            else UnityEngine.Object.DestroyImmediate(made);
        }
    }
}
