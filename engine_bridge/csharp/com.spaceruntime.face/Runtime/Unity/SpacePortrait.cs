using System;
using Unity.Collections;
using UnityEngine;
using UnityEngine.Events;

namespace SpaceRuntime
{
    /// <summary>
    /// Shows the pictures of a speaking portrait on a renderer. Its speaker must have a character and ask for pictures. For
    /// user interfaces, take <see cref="Texture"/> when <see cref="Changed"/> says that there is another one.
    /// </summary>
    [AddComponentMenu("SPACE/Space Portrait")]
    [DefaultExecutionOrder(1000)]
    public sealed class SpacePortrait : MonoBehaviour
    {
        [SerializeField, Tooltip("Empty: the one here or in a parent.")]
        private SpaceSpeaker speaker = null;

        [SerializeField, Tooltip("Empty: none, the texture is used elsewhere.")]
        private Renderer target = null;

        [SerializeField, Tooltip("The shader's texture; Built-in: _MainTex, URP: _BaseMap.")]
        private string property = "_MainTex";

        [SerializeField] private UnityEvent<Texture> changed = new UnityEvent<Texture>();

        private MaterialPropertyBlock block;
        private Texture2D texture;

        /// <summary>The picture; null until the first one came.</summary>
        public Texture Texture => texture;

        /// <summary>Pictures that were shown.</summary>
        public int Shown { get; private set; }

        /// <summary>There is another texture, because pictures have another size.</summary>
        public UnityEvent<Texture> Changed => changed;

        /// <summary>The renderer that shows the picture.</summary>
        public Renderer Target
        {
            get => target;
            set => target = value;
        }

        private void OnEnable()
        {
            if (!speaker) speaker = GetComponentInParent<SpaceSpeaker>();
        }

        private void OnDestroy()
        {
            if (target && block != null) target.SetPropertyBlock(null);
            if (texture) DestroyImmediate(texture);
        }

        private void LateUpdate()
        {
            if (!speaker || speaker.Session == null) return;
            using (TextureImage image = speaker.Session.TakeTexture(double.NegativeInfinity))
                if (image != null && image.Format == "rgb") Show(image);
        }

        private void Show(TextureImage image)
        {
            ArraySegment<byte> pixels = image.Pixels;
            int row = image.Width * 3;
            if (image.Width < 1 || image.Height < 1 || pixels.Count < (long)row * image.Height) return;
            if (!texture || texture.width != image.Width || texture.height != image.Height) MakeTexture(image);
            NativeArray<byte> into = texture.GetRawTextureData<byte>();
            for (int y = 0; y < image.Height; y++) // the first row of a texture is its lowest
                NativeArray<byte>.Copy(pixels.Array, pixels.Offset + y * row, into, (image.Height - 1 - y) * row, row);
            texture.Apply(false, false);
            Shown++;
        }

        private void MakeTexture(TextureImage image)
        {
            if (texture) DestroyImmediate(texture);
            texture = new Texture2D(image.Width, image.Height, TextureFormat.RGB24, false, false)
            {
                wrapMode = TextureWrapMode.Clamp,
                hideFlags = HideFlags.HideAndDontSave,
            };
            if (target) Bind();
            changed.Invoke(texture);
        }

        private void Bind()
        {
            block = block ?? new MaterialPropertyBlock();
            target.GetPropertyBlock(block);
            block.SetTexture(Shader.PropertyToID(property), texture);
            target.SetPropertyBlock(block);
        }
    }
}
