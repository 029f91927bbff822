using System.Collections.Generic;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Which ARKit shape drives which shape of an avatar, and how strongly. Without rows of its own it is a preset. One asset
    /// serves all avatars of a family.
    /// </summary>
    [CreateAssetMenu(menuName = "SPACE/Rig Map", fileName = "RigMap")]
    public sealed class RigMap : ScriptableObject
    {
        [SerializeField] private RigPreset preset = RigPreset.Automatic;
        [SerializeField] private List<RigRow> rows = new List<RigRow>();

        /// <summary>The preset that holds while there are no rows.</summary>
        public RigPreset Preset
        {
            get => preset;
            set => preset = value;
        }

        /// <summary>Rows of one's own; call <see cref="SpaceFace.Rebuild"/> after a change.</summary>
        public List<RigRow> Rows => rows;

        /// <summary>Returns the rows for an avatar with these shapes.</summary>
        public List<RigRow> RowsFor(string[] shapes) => rows.Count > 0 ? rows : RowsOf(preset, shapes);

        /// <summary>Returns the rows of a preset for an avatar with these shapes.</summary>
        public static List<RigRow> RowsOf(RigPreset preset, string[] shapes) =>
            RigPresets.Rows(preset == RigPreset.Automatic ? RigPresets.Best(shapes) : preset);

        /// <summary>Returns what this drives on an avatar, and what not, in lines of text.</summary>
        public string ReportFor(GameObject avatar)
        {
            List<SkinnedMeshRenderer> meshes = FaceMeshes.Below(avatar);
            var mixer = new RigMixer(RowsFor(FaceMeshes.NamesOf(meshes)));
            ShapeBinding[] bindings = meshes.ConvertAll(each => new ShapeBinding(each, mixer.Targets)).ToArray();
            return RigReport.Of(mixer, bindings, meshes);
        }

        /// <summary>Writes rows: those of the preset, or, where it is automatic, of the one that fits an avatar.</summary>
        public void MatchTo(GameObject avatar)
        {
            rows.Clear();
            rows.AddRange(RowsOf(preset, FaceMeshes.NamesOf(FaceMeshes.Below(avatar))));
        }

        [ContextMenu("Write the preset's rows out")]
        private void WriteOut()
        {
            rows.Clear();
            rows.AddRange(RigPresets.Rows(preset));
        }
    }
}
