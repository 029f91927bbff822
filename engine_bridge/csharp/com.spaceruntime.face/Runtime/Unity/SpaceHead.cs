using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>Turns head, neck and eyes of an avatar. The character faces along the z axis of the root.</summary>
    [AddComponentMenu("SPACE/Space Head")]
    [DefaultExecutionOrder(1000)]
    public sealed class SpaceHead : MonoBehaviour
    {
        [SerializeField, Tooltip("A Space Clip Player or Space Speaker; empty: the one here or in a parent.")]
        private SpacePoseSource source = null;

        [SerializeField, Tooltip("The avatar, facing along z; empty: this object.")]
        private Transform root = null;

        [SerializeField] private Transform head = null;
        [SerializeField] private Transform neck = null;
        [SerializeField] private Transform leftEye = null;
        [SerializeField] private Transform rightEye = null;

        [SerializeField, Range(0, 1), Tooltip("The neck's part of the head's rotation.")]
        private float neckShare = 0.4f;

        [SerializeField, Range(0, 2)] private float headStrength = 1;
        [SerializeField, Range(0, 2)] private float eyeStrength = 1;

        private readonly PoseOverlay overlay = new PoseOverlay();
        private readonly float[] turned = new float[3], eyes = new float[4];
        private BoneTurner headTurner, neckTurner, leftTurner, rightTurner;
        private bool previewing;

        /// <summary>The pose that is shown.</summary>
        public SpacePoseSource Source
        {
            get => source;
            set => source = value;
        }

        /// <summary>The neck's part of the head's rotation, 0 … 1.</summary>
        public float NeckShare
        {
            get => neckShare;
            set => neckShare = value;
        }

        /// <summary>The head's bone; may be null, as the others.</summary>
        public Transform Head => head;

        /// <summary>The neck's bone.</summary>
        public Transform Neck => neck;

        /// <summary>The bone of the character's left eye.</summary>
        public Transform LeftEye => leftEye;

        /// <summary>The bone of the character's right eye.</summary>
        public Transform RightEye => rightEye;

        /// <summary>Returns the head that belongs to a face: beside it, above or below; null if there is none.</summary>
        public static SpaceHead Of(SpaceFace face)
        {
            var found = face.GetComponentInParent<SpaceHead>();
            return found ? found : face.GetComponentInChildren<SpaceHead>();
        }

        /// <summary>Takes other bones, which must be at rest; each may be null.</summary>
        public void SetBones(Transform character, Transform headBone, Transform neckBone, Transform left, Transform right)
        {
            Release();
            root = character;
            head = headBone;
            neck = neckBone;
            leftEye = left;
            rightEye = right;
            if (isActiveAndEnabled) TakeBones();
        }

        /// <summary>Looks for the bones: those of a humanoid Animator, else below the root by names that are known.</summary>
        [ContextMenu("Find the bones")]
        public void FindBones()
        {
            Transform character = root ? root : transform;
            var animator = character.GetComponentInChildren<Animator>();
            Transform[] all = character.GetComponentsInChildren<Transform>(true);
            string[] names = System.Array.ConvertAll(all, each => each.name);
            SetBones(
                character,
                Found(animator, HumanBodyBones.Head, FaceBone.Head, all, names),
                Found(animator, HumanBodyBones.Neck, FaceBone.Neck, all, names),
                Found(animator, HumanBodyBones.LeftEye, FaceBone.LeftEye, all, names),
                Found(animator, HumanBodyBones.RightEye, FaceBone.RightEye, all, names));
        }

        /// <summary>Shows a pose over the source's, see <see cref="SpaceFace.ShowPose"/>.</summary>
        public void ShowPose(FacePose pose, float share)
        {
            overlay.Show(pose, share);
            if (Application.isPlaying) return;
            if (!previewing) TakeBones();
            previewing = true;
            Turn();
        }

        /// <summary>Lets the source be seen again, within 0.3 s; in edit mode the bones are as they were, at once.</summary>
        public void ReleasePose()
        {
            if (Application.isPlaying) overlay.Release();
            else EndPreview();
        }

        /// <summary>Tells the bones that are turned.</summary>
        public void CollectBones(System.Action<Transform> collect)
        {
            foreach (Transform each in new[] { head, neck, leftEye, rightEye })
                if (each) collect(each);
        }

        private void EndPreview()
        {
            overlay.Clear();
            if (previewing) Release();
            previewing = false;
        }

        /// <summary>Lets bones go that are about to be destroyed.</summary>
        internal void Forget(Transform below)
        {
            if (head && head.IsChildOf(below)) SetBones(root, null, null, null, null);
        }

        private static Transform Found(
            Animator animator, HumanBodyBones human, FaceBone bone, Transform[] all, string[] names)
        {
            Transform found = animator && animator.isHuman ? animator.GetBoneTransform(human) : null;
            int at = found ? -1 : FaceBones.Find(bone, names);
            return at < 0 ? found : all[at];
        }

        private void Reset()
        {
            source = GetComponentInParent<SpacePoseSource>();
            FindBones();
        }

        private void OnEnable()
        {
            if (!source) source = GetComponentInParent<SpacePoseSource>();
            TakeBones();
        }

        private void OnDisable()
        {
            overlay.Clear();
            Release();
        }

        private void LateUpdate()
        {
            overlay.Advance(Time.deltaTime);
            if (source || overlay.IsShown) Turn();
        }

        /// <summary>The source's angles, or rest, with the overlay over them.</summary>
        private void TakeAngles()
        {
            System.Array.Clear(turned, 0, turned.Length);
            System.Array.Clear(eyes, 0, eyes.Length);
            if (source)
            {
                System.Array.Copy(source.Pose.HeadRotationRad, turned, turned.Length);
                System.Array.Copy(source.Pose.EyeRotationRad, eyes, eyes.Length);
            }
            if (!overlay.IsShown) return;
            overlay.OverHead(turned);
            overlay.OverEyes(eyes);
        }

        private void Turn()
        {
            TakeAngles();
            float onNeck = neckTurner == null ? 0 : headTurner == null ? 1 : neckShare;
            neckTurner?.Turn(Part(turned, onNeck * headStrength));
            headTurner?.Turn(Part(turned, (1 - onNeck) * headStrength));
            leftTurner?.Turn(SpaceAxes.Rotation(eyes[0] * eyeStrength, eyes[1] * eyeStrength, 0));
            rightTurner?.Turn(SpaceAxes.Rotation(eyes[2] * eyeStrength, eyes[3] * eyeStrength, 0));
        }

        private static Quaternion Part(float[] angles, float share) =>
            SpaceAxes.Rotation(angles[0] * share, angles[1] * share, angles[2] * share);

        private void TakeBones()
        {
            Transform character = root ? root : transform;
            headTurner = head ? new BoneTurner(head, character) : null;
            neckTurner = neck ? new BoneTurner(neck, character) : null;
            leftTurner = leftEye ? new BoneTurner(leftEye, character) : null;
            rightTurner = rightEye ? new BoneTurner(rightEye, character) : null;
        }

        private void Release()
        {
            headTurner?.Release();
            neckTurner?.Release();
            leftTurner?.Release();
            rightTurner?.Release();
        }
    }
}
