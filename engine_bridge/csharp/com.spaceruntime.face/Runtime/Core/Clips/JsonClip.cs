using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// Reads the <c>.json</c> that <c>space-runtime bake</c> writes; its lists may be flat or have a list for each frame.
    /// </summary>
    internal static class JsonClip
    {
        /// <summary>Returns the clip. Raises <see cref="ClipException"/>.</summary>
        public static FaceClip Read(byte[] data)
        {
            try
            {
                return ReadDocument(data);
            }
            catch (JsonException error)
            {
                throw new ClipException($"{error.Message}; bake the clip anew");
            }
        }

        private static FaceClip ReadDocument(byte[] data)
        {
            var columns = new Dictionary<string, double[]>();
            string[] names = null;
            var scanner = new JsonScanner(data);
            scanner.Expect('{');
            if (!scanner.TryTake('}'))
            {
                do ReadMember(scanner, columns, ref names);
                while (scanner.TryTake(','));
                scanner.Expect('}');
            }
            scanner.ExpectEnd();
            return Clip(columns, names);
        }

        private static void ReadMember(JsonScanner scanner, Dictionary<string, double[]> columns, ref string[] names)
        {
            string key = scanner.Text();
            scanner.Expect(':');
            if (key == "blendshape_names") names = scanner.Texts();
            else if (Array.IndexOf(Columns, key) >= 0) columns[key] = scanner.Numbers();
            else scanner.Skip();
        }

        private static FaceClip Clip(Dictionary<string, double[]> columns, string[] names)
        {
            if (!columns.TryGetValue("times_s", out double[] times))
                throw new ClipException("the clip has no times (times_s); expected a file of `space-runtime bake`");
            if (!columns.TryGetValue("fps", out double[] fps) || fps.Length != 2 || !(fps[0] > 0) || !(fps[1] > 0))
                throw new ClipException("the clip has no frame rate (fps); expected two numbers above 0");
            return new FaceClip(names ?? Array.Empty<string>(), fps[0] / fps[1], times.Length)
            {
                Weights = Column(columns, "blendshapes", times.Length, names?.Length ?? 0),
                HeadRotation = Column(columns, "head_rotation_rad", times.Length, 3),
                HeadTranslation = Column(columns, "head_translation", times.Length, 3),
                Eyes = Column(columns, "eye_rotation_rad", times.Length, 4),
            };
        }

        private static float[] Column(Dictionary<string, double[]> columns, string key, int rows, int width)
        {
            if (!columns.TryGetValue(key, out double[] values)) return null;
            if (values.Length != rows * width)
                throw new ClipException($"{key} has {values.Length} numbers; expected {width} for each of {rows} frames");
            return Array.ConvertAll(values, value => (float)value);
        }

        private static readonly string[] Columns =
        {
            "times_s", "fps", "blendshapes", "head_rotation_rad", "head_translation", "eye_rotation_rad",
        };
    }
}
