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

        /// <summary>Returns a position of ours.</summary>
        public static Vector3 Position(float x, float y, float z) => new Vector3(-x, y, z);

        /// <summary>Returns our yaw and pitch, in radians, of a look at a point in a frame that faces +z.</summary>
        public static (float Yaw, float Pitch) GazeTo(Vector3 point)
        {
            double level = Math.Sqrt(point.x * point.x + point.z * point.z);
            return ((float)Math.Atan2(-point.x, point.z), (float)Math.Atan2(-point.y, level));
        }
    }
}
