using System;
using Unity.Collections;

namespace UnityEngine
{
    public enum TextureFormat
    {
        RGB24 = 3,
        RGBA32 = 4,
    }

    public enum TextureWrapMode
    {
        Repeat,
        Clamp,
    }

    public partial class Texture : Object
    {
        public virtual int width { get; set; }

        public virtual int height { get; set; }

        public TextureWrapMode wrapMode { get; set; }
    }

    public sealed class Texture2D : Texture
    {
        internal static int Alive;
        internal readonly byte[] Raw;
        internal int Applied;

        public Texture2D(int width, int height, TextureFormat textureFormat, bool mipChain, bool linear)
        {
            Loop.CheckThread();
            this.width = width;
            this.height = height;
            Raw = new byte[width * height * (textureFormat == TextureFormat.RGB24 ? 3 : 4)];
            Alive++;
        }

        public NativeArray<T> GetRawTextureData<T>() where T : struct => new NativeArray<T> { Data = (T[])(object)Raw };

        public void Apply(bool updateMipmaps, bool makeNoLongerReadable) => Applied++;

        internal override void Die()
        {
            base.Die();
            Alive--;
        }
    }
}

namespace Unity.Collections
{
    public struct NativeArray<T> where T : struct
    {
        internal T[] Data;

        public int Length => Data.Length;

        public static void Copy(T[] src, int srcIndex, NativeArray<T> dst, int dstIndex, int length)
        {
            if (length < 0 || srcIndex + length > src.Length || dstIndex + length > dst.Length) throw new ArgumentException("range");
            Array.Copy(src, srcIndex, dst.Data, dstIndex, length);
        }
    }
}
