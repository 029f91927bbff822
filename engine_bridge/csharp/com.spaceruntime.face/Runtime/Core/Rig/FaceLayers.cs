using System;
using System.Collections.Generic;

namespace SpaceRuntime
{
    /// <summary>
    /// A wish for some of the 52 shapes: those that it owns. Higher priorities cover lower ones; speech has priority 0.
    /// </summary>
    public sealed class FaceLayer
    {
        internal readonly float[] Values = new float[ArkitShapes.Names.Length];
        internal readonly bool[] Owned = new bool[ArkitShapes.Names.Length];

        internal FaceLayer(int priority) => Priority = priority;

        /// <summary>Its place in the order: above 0 over speech, else under it.</summary>
        public int Priority { get; }

        /// <summary>The part of it that is seen, 0 … 1.</summary>
        public float Weight { get; set; } = 1;

        /// <summary>Owns a shape and gives it a weight. Raises <see cref="ArgumentException"/> for an unknown name.</summary>
        public void Set(string shape, float weight)
        {
            int at = Place(shape);
            Owned[at] = true;
            Values[at] = weight;
        }

        /// <summary>Gives a shape back to the layers below.</summary>
        public void Release(string shape) => Owned[Place(shape)] = false;

        /// <summary>Gives all shapes back.</summary>
        public void Clear() => Array.Clear(Owned, 0, Owned.Length);

        private static int Place(string shape)
        {
            int at = ArkitShapes.IndexOf(shape);
            if (at >= 0) return at;
            throw new ArgumentException($"'{shape}' is no ARKit blend shape; expected one like jawOpen", nameof(shape));
        }
    }

    /// <summary>The layers of a face, so that each shape has one owner at a time: speech, gestures, whoever asks.</summary>
    public sealed class FaceLayers
    {
        private readonly List<FaceLayer> layers = new List<FaceLayer>();
        private readonly float[] weights = new float[ArkitShapes.Names.Length];

        /// <summary>The layer of speech; it owns all shapes at first.</summary>
        public FaceLayer Speech { get; } = new FaceLayer(0);

        /// <summary>Makes a face with speech alone.</summary>
        public FaceLayers()
        {
            for (int i = 0; i < Speech.Owned.Length; i++) Speech.Owned[i] = true;
            layers.Add(Speech);
        }

        /// <summary>Adds a layer above those of its priority.</summary>
        public FaceLayer Add(int priority)
        {
            var layer = new FaceLayer(priority);
            int at = layers.Count;
            while (at > 0 && layers[at - 1].Priority > priority) at--;
            layers.Insert(at, layer);
            return layer;
        }

        /// <summary>Takes a layer away. Speech stays.</summary>
        public void Remove(FaceLayer layer)
        {
            if (layer != Speech) layers.Remove(layer);
        }

        /// <summary>Returns the weights of all 52 shapes; the array is the same each time.</summary>
        public float[] Compose()
        {
            Array.Clear(weights, 0, weights.Length);
            for (int n = 0; n < layers.Count; n++)
            {
                FaceLayer layer = layers[n];
                for (int i = 0; i < weights.Length; i++)
                    if (layer.Owned[i]) weights[i] += (layer.Values[i] - weights[i]) * layer.Weight;
            }
            return weights;
        }

        /// <summary>Fills speech with weights in another order; places: of each ARKit shape in it, −1 if absent.</summary>
        public void SetSpeech(float[] values, int[] places)
        {
            for (int i = 0; i < places.Length; i++) Speech.Values[i] = places[i] < 0 ? 0 : values[places[i]];
        }

        /// <summary>Speech says nothing: all shapes at rest.</summary>
        public void ClearSpeech() => Array.Clear(Speech.Values, 0, Speech.Values.Length);

        /// <summary>Lays a pose over what speech says.</summary>
        public void LayOver(PoseOverlay overlay) => overlay.OverBlendshapes(Speech.Values);
    }
}
