using System;

namespace SpaceRuntime
{
    /// <summary>The bones that speech turns.</summary>
    public enum FaceBone
    {
        /// <summary>The head.</summary>
        Head,

        /// <summary>The neck, next to the head.</summary>
        Neck,

        /// <summary>The character's left eye.</summary>
        LeftEye,

        /// <summary>The character's right eye.</summary>
        RightEye,
    }

    /// <summary>Finds a face's bones by the names that avatars give them; case and <c>prefix:</c> do not count.</summary>
    public static class FaceBones
    {
        private static readonly string[][] Known =
        {
            new[] { "Head", "CC_Base_Head", "J_Bip_C_Head", "Bip01 Head", "Bip001 Head" },
            new[]
            {
                "Neck", "Neck2", "neck_02", "neck_01", "CC_Base_NeckTwist02", "CC_Base_NeckTwist01", "J_Bip_C_Neck",
                "Bip01 Neck", "Bip001 Neck",
            },
            new[] { "LeftEye", "Left_Eye", "Eye_L", "Eye.L", "EyeLeft", "CC_Base_L_Eye", "J_Adj_L_FaceEye", "FACIAL_L_Eye" },
            new[] { "RightEye", "Right_Eye", "Eye_R", "Eye.R", "EyeRight", "CC_Base_R_Eye", "J_Adj_R_FaceEye", "FACIAL_R_Eye" },
        };

        /// <summary>Returns the index of a bone among the names, −1: none is known.</summary>
        public static int Find(FaceBone bone, string[] names)
        {
            foreach (string known in Known[(int)bone])
            {
                int at = Array.FindIndex(names, name => IsSame(name, known));
                if (at >= 0) return at;
            }
            return -1;
        }

        private static bool IsSame(string name, string known) =>
            string.Equals(name.Substring(name.LastIndexOf(':') + 1), known, StringComparison.OrdinalIgnoreCase);
    }
}
