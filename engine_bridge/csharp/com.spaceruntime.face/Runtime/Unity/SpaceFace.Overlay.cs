using System;
using UnityEngine;

namespace SpaceRuntime
{
    // A pose that a timeline or a preview shows over the source's: blended in play mode, written at once in edit mode.
    public sealed partial class SpaceFace
    {
        private readonly PoseOverlay overlay = new PoseOverlay();
        private bool previewing;

        /// <summary>
        /// Shows a pose over the source's until <see cref="ReleasePose"/>; its weights are in ARKit's order and scaled by
        /// <paramref name="share"/> 0 … 1, the part of the source that it covers. In edit mode it is written at once; the caller
        /// sees to it that the scene is not saved with it (<see cref="CollectShapes"/>).
        /// </summary>
        public void ShowPose(FacePose pose, float share)
        {
            overlay.Show(pose, share);
            if (!Application.isPlaying) Preview();
        }

        /// <summary>Lets the source be seen again, within 0.3 s; in edit mode the meshes are as they were, at once.</summary>
        public void ReleasePose()
        {
            if (Application.isPlaying) overlay.Release();
            else EndPreview();
        }

        /// <summary>
        /// Tells for each mesh that a preview writes its object and an animation of these properties, which must not be kept.
        /// Edit mode only.
        /// </summary>
        public void CollectShapes(Action<GameObject, AnimationClip> collect)
        {
            if (!previewing) Rebuild();
            foreach (ShapeBinding binding in bindings)
            {
                if (!binding.Fits) continue;
                AnimationClip properties = binding.Properties();
                collect(binding.Object, properties);
                DestroyImmediate(properties);
            }
        }

        private void LayOver(float dt)
        {
            if (!overlay.IsShown) return;
            overlay.Advance(dt);
            if (!source) layers.ClearSpeech();
            layers.LayOver(overlay);
        }

        private void Preview()
        {
            if (!previewing)
            {
                Rebuild();
                foreach (ShapeBinding binding in bindings) binding.Save();
                previewing = true;
            }
            layers.Speech.Weight = Mathf.Clamp01(weight);
            layers.ClearSpeech();
            layers.LayOver(overlay);
            mixer.Reset(); // a preview jumps: nothing is smoothed
            Write(layers.Compose(), 0);
        }

        private void EndPreview()
        {
            overlay.Clear();
            if (!previewing) return;
            previewing = false;
            foreach (ShapeBinding binding in bindings)
                if (binding.Fits) binding.Restore();
        }
    }
}
