using System.Collections;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace SpaceRuntime.Tests
{
    /// <summary>Baked clips on a mesh, with and without a sound.</summary>
    public sealed class ClipTests
    {
        [UnityTest]
        public IEnumerator A_clip_moves_the_mesh_in_its_own_scale_and_ends_at_rest()
        {
            foreach (float full in new[] { 1f, 100f })
            {
                var avatar = new TestAvatar(full, "jawOpen");
                var player = avatar.Object.AddComponent<SpaceClipPlayer>();
                avatar.Object.AddComponent<SpaceFace>();
                player.Play(TestAvatar.Clip(), null);
                float most = 0;
                while (player.IsSpeaking)
                {
                    yield return null;
                    most = Mathf.Max(most, avatar.Renderer.GetBlendShapeWeight(0));
                }
                Assert.Greater(most, 0.8f * full);
                Assert.LessOrEqual(most, full);
                yield return null;
                Assert.AreEqual(0f, avatar.Renderer.GetBlendShapeWeight(0), 1e-4f * full);
                avatar.Destroy();
            }
        }

        [UnityTest]
        public IEnumerator The_face_follows_the_position_of_the_sound()
        {
            var avatar = new TestAvatar(100, "jawOpen");
            var source = avatar.Object.AddComponent<AudioSource>();
            var player = avatar.Object.AddComponent<SpaceClipPlayer>();
            player.AudioSource = source;
            AudioClip sound = AudioClip.Create("line", 44100, 1, 44100, false);
            player.Play(TestAvatar.Clip(), sound);
            double most = 0;
            while (source.isPlaying)
            {
                yield return null;
                double off = System.Math.Abs(player.Seconds - source.timeSamples / 44100.0);
                if (source.isPlaying) most = System.Math.Max(most, off);
            }
            Assert.Less(most, 0.1);
            avatar.Destroy();
        }

        [UnityTest]
        public IEnumerator A_disabled_face_lets_the_mesh_rest()
        {
            var avatar = new TestAvatar(100, "JawOpen", "other");
            avatar.Renderer.SetBlendShapeWeight(1, 30);
            avatar.Object.AddComponent<SpaceClipPlayer>().Play(TestAvatar.Clip(), null);
            var face = avatar.Object.AddComponent<SpaceFace>();
            yield return null;
            yield return null;
            Assert.Greater(avatar.Renderer.GetBlendShapeWeight(0), 0f);
            face.enabled = false;
            Assert.AreEqual(0f, avatar.Renderer.GetBlendShapeWeight(0), 0f);
            Assert.AreEqual(30f, avatar.Renderer.GetBlendShapeWeight(1), 0f);
            avatar.Destroy();
        }
    }
}
