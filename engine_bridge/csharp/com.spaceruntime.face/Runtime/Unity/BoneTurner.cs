using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// Turns a bone by rotations that are told in the character's frame, whatever the bone's own axes are. Where an Animator
    /// writes the bone, they come on top of its pose; where nobody does, on top of the rest.
    /// </summary>
    internal sealed class BoneTurner
    {
        private readonly Transform bone;
        private readonly Quaternion rest, boneFromCharacter, characterFromBone;
        private Quaternion written;

        /// <summary>The bone must be at rest now.</summary>
        public BoneTurner(Transform bone, Transform character)
        {
            this.bone = bone;
            rest = written = bone.localRotation;
            boneFromCharacter = Quaternion.Inverse(bone.rotation) * character.rotation;
            characterFromBone = Quaternion.Inverse(boneFromCharacter);
        }

        /// <summary>Turns the bone; call it once a frame, after the Animator.</summary>
        public void Turn(Quaternion rotation)
        {
            if (!bone) return;
            Quaternion now = bone.localRotation;
            Quaternion animated = IsSame(now, written) ? rest : now;
            written = animated * (boneFromCharacter * rotation * characterFromBone);
            bone.localRotation = written;
        }

        /// <summary>Goes back to rest, unless somebody else has moved the bone.</summary>
        public void Release()
        {
            if (bone && IsSame(bone.localRotation, written)) bone.localRotation = rest;
        }

        private static bool IsSame(Quaternion a, Quaternion b) => a.x == b.x && a.y == b.y && a.z == b.z && a.w == b.w;
    }
}
