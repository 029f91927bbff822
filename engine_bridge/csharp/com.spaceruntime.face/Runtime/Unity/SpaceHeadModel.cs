using System.Collections.Generic;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Shows a head that <c>space-runtime portrait --glb</c> made, in edit mode too. Its objects are made anew whenever this is
    /// enabled and are never saved; <see cref="SpaceFace"/> and <see cref="SpaceHead"/> here or in a parent take them over.
    /// </summary>
    [AddComponentMenu("SPACE/Space Head Model")]
    [ExecuteAlways]
    [DefaultExecutionOrder(-800)]
    public sealed class SpaceHeadModel : MonoBehaviour
    {
        [SerializeField, Tooltip("A .glb, with .bytes added to its name. Empty: nothing is shown.")]
        private TextAsset model = null;

        [SerializeField, Tooltip("For skin and eyes; its picture and colour are replaced.")]
        private Material opaque = null;

        [SerializeField, Tooltip("For lashes and hair: one that draws alpha.")]
        private Material transparent = null;

        private readonly List<Object> resources = new List<Object>();
        private (TextAsset, Material, Material) shown;
        private GameObject built;

        /// <summary>The root of what is shown; null: nothing.</summary>
        public GameObject Built => built;

        /// <summary>The file that is shown: a .glb. A change shows at the next frame.</summary>
        public TextAsset Model
        {
            get => model;
            set => model = value;
        }

        /// <summary>The error of the file, in a sentence; empty where nothing is.</summary>
        public string Error { get; private set; } = "";

        /// <summary>Makes the objects once more, for a scene or prefab that keeps them; null: there is no file to show.</summary>
        public GameObject BuildCopy() => Made(HideFlags.None, new List<Object>());

        private void OnEnable() => Build();

        private void OnDisable() => Free();

        private void Update()
        {
            if (shown == (model, opaque, transparent)) return;
            Free();
            Build();
        }

        private void Build()
        {
            FreeLost();
            shown = (model, opaque, transparent);
            built = Made(HideFlags.DontSave, resources);
            if (!built) return;
            built.transform.SetParent(transform, false);
            if (!Application.isPlaying) return;
            var head = GetComponentInParent<SpaceHead>();
            if (head && !head.Head) head.FindBones();
            var face = GetComponentInParent<SpaceFace>();
            if (face) face.Rebuild();
        }

        private GameObject Made(HideFlags flags, List<Object> made)
        {
            Error = "";
            if (!model) return null;
            try
            {
                GlbModel read = GlbModel.Read(model.bytes);
                return ModelBuilder.Build(read, model.name, opaque, transparent, flags, made);
            }
            catch (ModelException error)
            {
                Error = $"{model.name}: {error.Message}";
                Debug.LogWarning($"SPACE: {Error}", this);
                return null;
            }
        }

        private void Free()
        {
            foreach (Object each in resources) DestroyImmediate(each);
            resources.Clear();
            if (!built) return;
            var head = GetComponentInParent<SpaceHead>();
            if (head) head.Forget(built.transform);
            Remove(built);
            built = null;
        }

        /// <summary>Destroys what a reload of scripts left: it is known by its flags.</summary>
        private void FreeLost()
        {
            for (int i = transform.childCount - 1; i >= 0; i--)
            {
                GameObject child = transform.GetChild(i).gameObject;
                if (child.hideFlags == HideFlags.DontSave) Remove(child);
            }
        }

        /// <summary>
        /// Unity refuses to destroy objects at once while it disables or destroys their parent, so they live on for a moment;
        /// without names nobody takes their bones.
        /// </summary>
        private static void Remove(GameObject root)
        {
            foreach (Transform each in root.GetComponentsInChildren<Transform>(true)) each.name = "";
            if (Application.isPlaying) Destroy(root);
#if UNITY_EDITOR
            else
            {
                UnityEditor.EditorApplication.delayCall += () =>
                {
                    if (root) DestroyImmediate(root);
                };
            }
#endif
        }
    }
}
