using System;
using SpaceRuntime;
using UnityEngine;

namespace SpaceTests
{
    /// <summary>A skeleton whose bones have axes of their own.</summary>
    public sealed class Bones
    {
        public readonly Transform Root, Neck, Head, LeftEye;
        public readonly SpaceHead Turner;

        public Bones(GameObject character)
        {
            Root = character.transform;
            Root.localRotation = Euler(0.3, 1.1, -0.2);
            Neck = Child("neck", Root, Euler(1.2, 0.1, 0));
            Head = Child("head", Neck, Euler(-0.4, 0.9, 2));
            LeftEye = Child("eye", Head, Euler(0, 0.5, -1));
            Turner = character.AddComponent<SpaceHead>();
            Turner.SetBones(Root, Head, Neck, LeftEye, null);
        }

        public static double[] Axes(double yaw, double pitch, double roll, double x, double y, double z)
        {
            Vector3 turned = SpaceAxes.Rotation((float)yaw, (float)pitch, (float)roll) * SpaceAxes.Position((float)x, (float)y, (float)z);
            return new double[] { -turned.x, turned.y, turned.z };
        }

        public static double[] GazeTo(double x, double y, double z)
        {
            (float yaw, float pitch) = SpaceAxes.GazeTo(new Vector3((float)x, (float)y, (float)z));
            return new double[] { yaw, pitch };
        }

        /// <summary>A bone's rotation from its rest, seen in the character's frame, as x, y, z, w.</summary>
        public double[] Turned(Transform bone, double[] rest)
        {
            Quaternion now = Quaternion.Inverse(Root.rotation) * bone.rotation * Quaternion.Inverse(From(rest));
            double sign = now.w < 0 ? -1 : 1;
            return new[] { now.x * sign, now.y * sign, now.z * sign, now.w * sign };
        }

        public double[] InCharacter(Transform bone)
        {
            Quaternion now = Quaternion.Inverse(Root.rotation) * bone.rotation;
            return new double[] { now.x, now.y, now.z, now.w };
        }

        public void Animate(Transform bone, double angle) => bone.localRotation = Euler(angle, 0, 0);

        private static Quaternion From(double[] q) => new Quaternion((float)q[0], (float)q[1], (float)q[2], (float)q[3]);

        private static Transform Child(string name, Transform parent, Quaternion turned)
        {
            Transform made = new GameObject(name).transform;
            made.SetParent(parent, false);
            made.localRotation = turned;
            return made;
        }

        private static Quaternion Euler(double x, double y, double z) => SpaceAxes.Rotation((float)y, (float)x, (float)z);
    }
}
