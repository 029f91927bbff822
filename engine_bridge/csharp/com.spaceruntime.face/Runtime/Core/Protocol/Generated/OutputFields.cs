// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
namespace SpaceRuntime.Protocol
{
    /// <summary>Names of the outputs that <c>open</c> may ask for.</summary>
    public static class OutputNames
    {
        /// <summary>Weights 0…1 in the order of <c>welcome.weights</c>.</summary>
        public const string Weights = "weights";

        /// <summary>Yaw, pitch, roll, then x, y, z, relative to rest.</summary>
        public const string Head = "head";

        /// <summary>Yaw, pitch of the character's left eye, then of the right.</summary>
        public const string Eyes = "eyes";

        /// <summary>78 × (x, y, z), normalised.</summary>
        public const string Landmarks = "landmarks";

        /// <summary>
        /// <c>welcome.keypoints</c> × (x, y, z): the picture generator's keypoints, in its own space; the embedded
        /// one's are points of MediaPipe's face mesh in pixels of the portrait's 512×512 square, x right, y up (minus
        /// the row), z towards the viewer; needs a portrait.
        /// </summary>
        public const string Keypoints = "keypoints";

        /// <summary>Pictures, in messages of their own; needs a portrait.</summary>
        public const string Texture = "texture";
    }

    /// <summary>Numbers of the outputs of a frame.</summary>
    public static partial class WireLimits
    {
        /// <summary>Numbers of <c>weights</c>: weights 0…1 in the order of <c>welcome.weights</c>.</summary>
        public const int Weights = 52;

        /// <summary>Numbers of <c>head</c>: yaw, pitch, roll, then x, y, z, relative to rest.</summary>
        public const int Head = 6;

        /// <summary>Numbers of <c>eyes</c>: yaw, pitch of the character's left eye, then of the right.</summary>
        public const int Eyes = 4;

        /// <summary>Numbers of <c>landmarks</c>: 78 × (x, y, z), normalised.</summary>
        public const int Landmarks = 234;
    }

    /// <summary>The outputs that a frame carries; null: not asked for.</summary>
    public sealed partial class FrameMessage
    {
        /// <summary>Weights 0…1 in the order of <c>welcome.weights</c>.</summary>
        public float[] Weights;

        /// <summary>Yaw, pitch, roll, then x, y, z, relative to rest.</summary>
        public float[] Head;

        /// <summary>Yaw, pitch of the character's left eye, then of the right.</summary>
        public float[] Eyes;

        /// <summary>78 × (x, y, z), normalised.</summary>
        public float[] Landmarks;

        /// <summary>
        /// <c>welcome.keypoints</c> × (x, y, z): the picture generator's keypoints, in its own space; the embedded
        /// one's are points of MediaPipe's face mesh in pixels of the portrait's 512×512 square, x right, y up (minus
        /// the row), z towards the viewer; needs a portrait.
        /// </summary>
        public float[] Keypoints;

        private void VisitOutputs(FieldVisitor visitor)
        {
            visitor.Floats("weights", ref Weights, WireLimits.Weights, false);
            visitor.Floats("head", ref Head, WireLimits.Head, false);
            visitor.Floats("eyes", ref Eyes, WireLimits.Eyes, false);
            visitor.Floats("landmarks", ref Landmarks, WireLimits.Landmarks, false);
            visitor.FloatGroups("keypoints", ref Keypoints, 3);
        }
    }

    /// <summary>Lengths that differ from server to server; null: not offered.</summary>
    public sealed partial class WelcomeMessage
    {
        /// <summary>Groups of 3 numbers in a frame's <c>keypoints</c>.</summary>
        public uint? Keypoints;

        private void VisitOutputCounts(FieldVisitor visitor)
        {
            visitor.U32("keypoints", ref Keypoints);
        }
    }
}
