using System.Collections;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace SpaceRuntime.Tests
{
    /// <summary>A line that is previewed in edit mode.</summary>
    public sealed class PreviewTests
    {
        [UnityTest]
        public IEnumerator A_preview_moves_the_mesh_and_leaves_it_as_it_was()
        {
            var avatar = new TestAvatar(100, "jawOpen", "other");
            avatar.Renderer.SetBlendShapeWeight(0, 7);
            var face = avatar.Object.AddComponent<SpaceFace>();
            FacePreview preview = FacePreview.Begin(face, null, TestAvatar.Clip(), null);
            float most = 0;
            while (preview.Seconds < 0.5)
            {
                yield return null;
                most = Mathf.Max(most, avatar.Renderer.GetBlendShapeWeight(0));
            }
            preview.Stop();
            Assert.Greater(most, 50f);
            Assert.AreEqual(7f, avatar.Renderer.GetBlendShapeWeight(0), 1e-4);
            avatar.Destroy();
        }
    }
}
