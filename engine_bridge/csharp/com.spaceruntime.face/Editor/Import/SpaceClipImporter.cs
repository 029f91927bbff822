using System.Collections.Generic;
using System.IO;
using UnityEditor.AssetImporters;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Imports <c>.spaceclip</c>, and a <c>.json</c> of <c>space-runtime bake</c> whose importer was set to this one: a
    /// <see cref="SpaceClip"/>, and an AnimationClip of its weights for avatars that have no component of ours.
    /// </summary>
    [ScriptedImporter(1, new[] { "spaceclip" }, new[] { "json" })]
    public sealed class SpaceClipImporter : ScriptedImporter
    {
        [SerializeField, Tooltip("Also makes an AnimationClip of the weights.")]
        private bool animationClip = true;

        [SerializeField, Tooltip("The meshes that it drives; empty: one with ARKit's names on the animated object itself.")]
        private List<ClipTarget> targets = new List<ClipTarget>();

        [SerializeField, Tooltip("Rows of a rig map; empty: the preset that fits the names best.")]
        private List<RigRow> rows = new List<RigRow>();

        [SerializeField, Range(0, 0.05f), Tooltip("Weight 0…1 by which a curve may be off where keys are left out.")]
        private float tolerance = 0.002f;

        /// <summary>The meshes that the AnimationClip drives.</summary>
        public List<ClipTarget> Targets => targets;

        /// <summary>Rows of a rig map; empty: the preset that fits the names best.</summary>
        public List<RigRow> Rows => rows;

        /// <summary>Takes names, paths, full weights and, from its <see cref="SpaceFace"/>, the rig map of an avatar.</summary>
        public void TakeFrom(GameObject avatar)
        {
            targets = ClipTarget.Of(avatar);
            rows.Clear();
            var face = avatar.GetComponentInChildren<SpaceFace>();
            if (face && face.RigMap) rows.AddRange(face.RigMap.Rows);
        }

        /// <inheritdoc/>
        public override void OnImportAsset(AssetImportContext ctx)
        {
            try
            {
                Import(ctx, SpaceClip.Of(File.ReadAllBytes(ctx.assetPath)));
            }
            catch (ClipException error)
            {
                ctx.LogImportError($"{ctx.assetPath}: {error.Message}");
            }
        }

        private void Import(AssetImportContext ctx, SpaceClip clip)
        {
            clip.name = Path.GetFileNameWithoutExtension(ctx.assetPath);
            ctx.AddObjectToAsset("clip", clip);
            ctx.SetMainObject(clip);
            if (!animationClip) return;
            List<ClipTarget> wanted = targets.Count > 0 ? targets : new List<ClipTarget> { new ClipTarget() };
            AnimationClip made = ClipCurves.Make(clip.Face, wanted, rows, tolerance);
            made.name = clip.name;
            ctx.AddObjectToAsset("animation", made);
        }
    }
}
