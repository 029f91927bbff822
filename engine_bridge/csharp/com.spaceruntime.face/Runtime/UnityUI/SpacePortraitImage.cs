using UnityEngine;
using UnityEngine.UI;

namespace SpaceRuntime
{
    /// <summary>Shows the pictures of a <see cref="SpacePortrait"/> in a user interface.</summary>
    [AddComponentMenu("SPACE/Space Portrait Image")]
    [DefaultExecutionOrder(1001)]
    public sealed class SpacePortraitImage : MonoBehaviour
    {
        [SerializeField, Tooltip("Empty: the one here or in a parent.")]
        private SpacePortrait portrait = null;

        [SerializeField, Tooltip("Empty: the one here.")]
        private RawImage image = null;

        /// <summary>The portrait that is shown.</summary>
        public SpacePortrait Portrait
        {
            get => portrait;
            set => portrait = value;
        }

        private void OnEnable()
        {
            if (!portrait) portrait = GetComponentInParent<SpacePortrait>();
            if (!image) image = GetComponent<RawImage>();
        }

        private void LateUpdate()
        {
            if (!portrait || !image || !portrait.Texture) return;
            if (image.texture != portrait.Texture) image.texture = portrait.Texture;
        }
    }
}
