using System;
using System.Collections.Generic;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Shows a face on the blend shapes of one or many renderers. It writes the shapes that its rig map matched, after the
    /// Animator, and no others. Layers share the shapes with gestures and scripts.
    /// </summary>
    [AddComponentMenu("SPACE/Space Face")]
    [DefaultExecutionOrder(1000)]
    public sealed partial class SpaceFace : MonoBehaviour
    {
        [SerializeField, Tooltip("A Space Clip Player or Space Speaker; empty: the one here or in a parent.")]
        private SpacePoseSource source = null;

        [SerializeField, Tooltip("Empty: all below this object that have blend shapes.")]
        private List<SkinnedMeshRenderer> renderers = new List<SkinnedMeshRenderer>();

        [SerializeField, Tooltip("Empty: the preset below.")]
        private RigMap rigMap = null;

        [SerializeField] private RigPreset preset = RigPreset.Automatic;

        [SerializeField, Range(0, 1), Tooltip("The part of the speech that is shown.")]
        private float weight = 1;

        private static readonly float[] Rest = new float[ArkitShapes.Names.Length];

        private readonly FaceLayers layers = new FaceLayers();
        private readonly List<SkinnedMeshRenderer> used = new List<SkinnedMeshRenderer>();
        private readonly int[] places = new int[ArkitShapes.Names.Length];
        private ShapeBinding[] bindings = Array.Empty<ShapeBinding>();
        private RigMixer mixer;
        private string[] placedNames;

        /// <summary>The pose that is shown.</summary>
        public SpacePoseSource Source
        {
            get => source;
            set => source = value;
        }

        /// <summary>The part of the speech that is shown, 0 … 1.</summary>
        public float Weight
        {
            get => weight;
            set => weight = value;
        }

        /// <summary>The rig map; null: the preset.</summary>
        public RigMap RigMap
        {
            get => rigMap;
            set
            {
                rigMap = value;
                if (isActiveAndEnabled) Rebuild();
            }
        }

        /// <summary>The renderers to write to; empty: all below. Call <see cref="Rebuild"/> after a change.</summary>
        public List<SkinnedMeshRenderer> Renderers => renderers;

        /// <summary>The report of the matching, in lines of text: names that were matched, names that were not.</summary>
        public string Report { get; private set; } = "";

        /// <summary>Speech and whatever else moves this face; give gestures a layer of their own.</summary>
        public FaceLayers Layers => layers;

        /// <summary>Returns the weight 0 … 1 of an ARKit shape in this frame, all layers together.</summary>
        public float WeightOf(string shape)
        {
            int at = ArkitShapes.IndexOf(shape);
            return at < 0 ? 0 : layers.Compose()[at];
        }

        /// <summary>Matches the names anew: after a change of meshes, rows or renderers.</summary>
        public void Rebuild()
        {
            if (previewing) EndPreview();
            used.Clear();
            if (renderers.Count > 0) used.AddRange(renderers);
            else GetComponentsInChildren(true, used);
            FaceMeshes.Keep(used);
            string[] names = FaceMeshes.NamesOf(used);
            mixer = new RigMixer(rigMap ? rigMap.RowsFor(names) : RigMap.RowsOf(preset, names));
            bindings = used.ConvertAll(each => new ShapeBinding(each, mixer.Targets)).ToArray();
            Report = RigReport.Of(mixer, bindings, used);
        }

        [ContextMenu("Log what is matched")]
        private void LogReport()
        {
            Rebuild();
            Debug.Log($"SPACE: {name}\n{Report}", this);
        }

        private void Reset() => source = GetComponentInParent<SpacePoseSource>();

        private void OnEnable()
        {
            if (!source) source = GetComponentInParent<SpacePoseSource>();
            placedNames = null;
            Rebuild();
        }

        private void OnDisable()
        {
            overlay.Clear();
            if (mixer == null) return;
            mixer.Reset();
            Write(Rest, 0);
            mixer.Reset();
        }

        private void LateUpdate()
        {
            if (!Fit()) Rebuild();
            layers.Speech.Weight = Mathf.Clamp01(weight);
            if (source) TakeOver(source);
            LayOver(Time.deltaTime);
            Write(layers.Compose(), Time.deltaTime);
        }

        private void TakeOver(SpacePoseSource from)
        {
            string[] names = from.Blendshapes;
            if (names != placedNames)
            {
                placedNames = names;
                for (int i = 0; i < places.Length; i++) places[i] = Array.IndexOf(names, ArkitShapes.Names[i]);
            }
            layers.SetSpeech(from.Pose.Blendshapes, places);
        }

        private void Write(float[] weights, float dt)
        {
            mixer.Mix(weights, dt);
            foreach (ShapeBinding binding in bindings)
                if (binding.Fits) binding.Apply(mixer.Values);
        }

        private bool Fit()
        {
            foreach (ShapeBinding binding in bindings)
                if (!binding.Fits) return false;
            return true;
        }
    }
}
