// Our angles as rotations, { x, y, z, w }, right-handed, y up, the face looks to +z: the axes of glTF and three.js.

/**
 * Return Ry(yaw) · Rx(pitch) · Rz(roll). Radians.
 * @param {number} yaw Positive to the character's left.
 * @param {number} pitch Positive down.
 * @param {number} roll Positive counter-clockwise as seen by the viewer.
 */
export function rotation(yaw, pitch, roll = 0) {
  const [sy, sx, sz] = [yaw, pitch, roll].map((angle) => Math.sin(angle / 2));
  const [cy, cx, cz] = [yaw, pitch, roll].map((angle) => Math.cos(angle / 2));
  return {
    x: cy * sx * cz + sy * cx * sz,
    y: sy * cx * cz - cy * sx * sz,
    z: cy * cx * sz - sy * sx * cz,
    w: cy * cx * cz + sy * sx * sz,
  };
}

/** Return a · b. */
export function product(a, b) {
  return {
    x: a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
    y: a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
    z: a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
    w: a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
  };
}

export function inverse({ x, y, z, w }) { return { x: -x, y: -y, z: -z, w }; }

export const NONE = Object.freeze({ x: 0, y: 0, z: 0, w: 1 });
