using System.IO;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;

namespace SpaceRuntime.Tests
{
    /// <summary>The importer of <c>.spaceclip</c>, over a file below Assets that is made and taken away.</summary>
    public sealed class ImporterTests
    {
        private const string FilePath = "Assets/SpaceImporterTest.spaceclip";

        [Test]
        public void A_file_becomes_a_clip_and_an_animation_of_its_weights()
        {
            File.WriteAllBytes(FilePath, TestAvatar.ClipFile());
            try
            {
                AssetDatabase.ImportAsset(FilePath);
                var clip = AssetDatabase.LoadAssetAtPath<SpaceClip>(FilePath);
                Assert.IsTrue(clip != null);
                Assert.AreEqual(TestAvatar.ClipSeconds, clip.Seconds, 1e-6);
                var animation = AssetDatabase.LoadAssetAtPath<AnimationClip>(FilePath);
                Assert.IsTrue(animation != null);
                EditorCurveBinding jaw = EditorCurveBinding.FloatCurve("", typeof(SkinnedMeshRenderer), "blendShape.jawOpen");
                AnimationCurve curve = AnimationUtility.GetEditorCurve(animation, jaw);
                Assert.AreEqual(0, curve.Evaluate(0), 1e-3);
                Assert.AreEqual(50, curve.Evaluate(0.25f), 0.3);
                Assert.AreEqual(100, curve.Evaluate(0.5f), 1e-3);
                Assert.AreEqual(0, curve.Evaluate(1), 1e-3);
            }
            finally
            {
                AssetDatabase.DeleteAsset(FilePath);
            }
        }

        [Test]
        public void The_full_weight_of_a_mesh_is_taken_from_it()
        {
            var avatar = new TestAvatar(1, "jawOpen");
            AnimationClip made = ClipCurves.Make(TestAvatar.Clip(), ClipTarget.Of(avatar.Object), new RigRow[0], 0);
            EditorCurveBinding jaw = EditorCurveBinding.FloatCurve("", typeof(SkinnedMeshRenderer), "blendShape.jawOpen");
            Assert.AreEqual(1, AnimationUtility.GetEditorCurve(made, jaw).Evaluate(0.5f), 1e-5);
            avatar.Destroy();
        }
    }
}
