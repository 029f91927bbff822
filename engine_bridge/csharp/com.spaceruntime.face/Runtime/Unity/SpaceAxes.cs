using System;
using UnityEngine;

namespace SpaceRuntime
{
    /// <summary>
    /// The one place where our axes become Unity's. Ours are right-handed, x to the character's left; Unity's are left-handed, x
    /// to the character's right; in both y is up and the face looks to +z. So x changes its sign.
    /// </summary>
    public static class SpaceAxes
    {
        /// <summary>Returns a rotation of ours: yaw to the character's left, pitch down, roll, in radians.</summary>
        public static Quaternion Rotation(float yaw, float pitch, float roll)
        {
            double sy = Math.Sin(yaw / 2), cy = Math.Cos(yaw / 2), sx = Math.Sin(pitch / 2), cx = Math.Cos(pitch / 2);
            double sz = Math.Sin(roll / 2), cz = Math.Cos(roll / 2);
            double x = cy * sx * cz + sy * cx * sz, y = sy * cx * cz - cy * sx * sz;
            double z = cy * cx * sz - sy * sx * cz, w = cy * cx * cz + sy * sx * sz;
            return new Quaternion((float)x, (float)-y, (float)-z, (float)w);
        }

        /// <summary>Returns a rotation of ours that is told as x, y, z, w.</summary>
        public static Quaternion Rotation(float x, float y, float z, float w) => new Quaternion(x, -y, -z, w);

        /// <summary>Returns a position of ours.</summary>
        public static Vector3 Position(float x, float y, float z) => new Vector3(-x, y, z);

        /// <summary>Returns positions or directions of ours, three numbers each.</summary>
        public static Vector3[] Positions(float[] numbers)
        {
            var found = new Vector3[numbers.Length / 3];
            for (int i = 0; i < found.Length; i++) found[i] = Position(numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]);
            return found;
        }

        /// <summary>Returns triangles of ours, whose corners run the other way round in Unity.</summary>
        public static int[] Triangles(int[] corners)
        {
            var found = new int[corners.Length];
            for (int i = 0; i < found.Length; i += 3)
            {
                found[i] = corners[i];
                found[i + 1] = corners[i + 2];
                found[i + 2] = corners[i + 1];
            }
            return found;
        }

        /// <summary>Returns a matrix of ours: 16 numbers column by column, from an index on.</summary>
        public static Matrix4x4 Matrix(float[] numbers, int first)
        {
            var found = new Matrix4x4();
            for (int i = 0; i < 16; i++)
            {
                int row = i % 4, column = i / 4;
                found[row, column] = row == 0 ^ column == 0 ? -numbers[first + i] : numbers[first + i];
            }
            return found;
        }

        /// <summary>Returns our yaw and pitch, in radians, of a look at a point in a frame that faces +z.</summary>
        public static (float Yaw, float Pitch) GazeTo(Vector3 point)
        {
            double level = Math.Sqrt(point.x * point.x + point.z * point.z);
            return ((float)Math.Atan2(-point.x, point.z), (float)Math.Atan2(-point.y, level));
        }
    }
}
