using System.Collections.Generic;

namespace UnityEngine
{
    public enum HumanBodyBones
    {
        Neck = 9,
        Head = 10,
        LeftEye = 21,
        RightEye = 22,
    }

    public class Animator : Behaviour
    {
        internal readonly Dictionary<HumanBodyBones, Transform> Bones = new Dictionary<HumanBodyBones, Transform>();

        public bool isHuman => Bones.Count > 0;

        public Transform GetBoneTransform(HumanBodyBones humanBoneId) =>
            Bones.TryGetValue(humanBoneId, out Transform found) ? found : null;
    }
}
