using NUnit.Framework;
using UnityEngine;
using UnityEngine.Playables;
using UnityEngine.Timeline;

namespace SpaceRuntime.Tests
{
    /// <summary>The Timeline track, evaluated in edit mode.</summary>
    public sealed class TrackTests
    {
        [Test]
        public void A_line_is_shown_at_the_director_s_time_and_the_mesh_is_put_back()
        {
            var avatar = new TestAvatar(100, "jawOpen");
            avatar.Renderer.SetBlendShapeWeight(0, 7);
            PlayableDirector director = Cutscene(avatar, 0);
            foreach (double time in new[] { 0.25, 0.5, 0.75, 0.25 })
            {
                director.time = time;
                director.Evaluate();
                double jaw = 1 - System.Math.Abs(time - 0.5) * 2;
                Assert.AreEqual(100 * jaw, avatar.Renderer.GetBlendShapeWeight(0), 0.5);
            }
            UnityEngine.Object.DestroyImmediate(director.gameObject);
            Assert.AreEqual(7, avatar.Renderer.GetBlendShapeWeight(0), 1e-4);
            avatar.Destroy();
        }

        [Test]
        public void Lines_that_overlap_are_blended()
        {
            var avatar = new TestAvatar(100, "jawOpen");
            PlayableDirector director = Cutscene(avatar, 0.5);
            director.time = 0.75;
            director.Evaluate();
            Assert.AreEqual(50, avatar.Renderer.GetBlendShapeWeight(0), 1); // both are half open there
            UnityEngine.Object.DestroyImmediate(director.gameObject);
            avatar.Destroy();
        }

        /// <summary>A line at 0, and one more at another time above 0.</summary>
        private static PlayableDirector Cutscene(TestAvatar avatar, double second)
        {
            var timeline = ScriptableObject.CreateInstance<TimelineAsset>();
            SpaceFaceTrack track = timeline.CreateTrack<SpaceFaceTrack>(null, "face");
            track.AddLine(SpaceClip.Of(TestAvatar.ClipFile()), null, 0);
            if (second > 0) track.AddLine(SpaceClip.Of(TestAvatar.ClipFile()), null, second);
            PlayableDirector director = new GameObject("cutscene").AddComponent<PlayableDirector>();
            director.playableAsset = timeline;
            director.SetGenericBinding(track, avatar.Object.AddComponent<SpaceFace>());
            return director;
        }
    }
}
