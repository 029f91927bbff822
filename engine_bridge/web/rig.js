// A face on the meshes and bones of a scene: three.js objects and Babylon.js nodes, whichever they are; neither is imported.

import { ARKIT_NAMES } from "./fields.js";
import { presetRows } from "./presets.js";
import { bestPreset, findBones, matchNames } from "./rig_map.js";
import { NONE, inverse, product, rotation } from "./rotations.js";

/**
 * @typedef {object} RigOptions
 * @property {string} [preset] One of PRESETS; without one the one that fits best.
 * @property {import("./presets.js").RigRow[]} [rows] In the place of a preset.
 * @property {number} [neckShare] The neck's part of the head's rotation, 0…1.
 * @property {number} [headStrength] Factor of the head's rotation.
 * @property {number} [eyeStrength] Factor of the eyes' rotation.
 */
export class FaceRig {
  /**
   * Take everything below a node; bones must be at rest, and the character face along +z of the node.
   * @param {object} root A three.js Object3D, or a Babylon.js node (of a glTF file, its `__root__`).
   * @param {RigOptions} options
   */
  constructor(root, { preset, rows, neckShare = 0.4, headStrength = 1, eyeStrength = 1 } = {}) {
    const nodes = nodesBelow(root), meshes = nodes.map(shapesOf).filter(Boolean);
    const shapes = [...new Set(meshes.flatMap(({ names }) => names))];
    this.preset = rows ? "" : preset ?? bestPreset(shapes);
    const used = (rows ?? presetRows(this.preset)).map((row) => ({ ...row, place: ARKIT_NAMES.indexOf(row.source) }));
    this.rows = used.filter(({ place }) => place >= 0);
    const targets = [...new Set(this.rows.map(({ target }) => target))];
    this.values = new Map(targets.map((target) => [target, 0]));
    this.drives = meshes.flatMap((mesh) => [...matchNames(targets, mesh.names)].map(
      ([target, name]) => ({ target, name, set: (value) => mesh.set(mesh.names.indexOf(name), value) })));
    const found = findBones(nodes.map(nameOf));
    this.bones = Object.fromEntries(Object.entries(found).map(
      ([bone, at]) => [bone, at < 0 ? null : new BoneTurner(nodes[at], root)]));
    Object.assign(this, { shapes, neckShare, headStrength, eyeStrength });
  }

  /** The outcome of the matching: the preset, driven shapes, targets that no mesh has, shapes that nothing drives, bones. */
  get report() {
    const driven = new Set(this.drives.map(({ name }) => name)), served = new Set(this.drives.map(({ target }) => target));
    return {
      preset: this.preset,
      driven: this.shapes.filter((name) => driven.has(name)),
      missing: [...this.values.keys()].filter((target) => !served.has(target)),
      undriven: this.shapes.filter((name) => !driven.has(name)),
      bones: Object.keys(this.bones).filter((bone) => this.bones[bone]),
    };
  }

  /**
   * Show a pose; call it once for every picture, after animations of the body.
   * @param {import("./pose.js").Pose} pose
   */
  apply({ blendshapes, headRotationRad, eyeRotationRad: eyes }) {
    const { values, bones: { head, neck, leftEye, rightEye }, headStrength, eyeStrength } = this;
    for (const target of values.keys()) values.set(target, 0);
    for (const { target, place, gain, min, max } of this.rows) {
      values.set(target, values.get(target) + clamp(gain * blendshapes[place], min, max));
    }
    for (const { target, set } of this.drives) set(clamp(values.get(target), 0, 1));
    const onNeck = !neck ? 0 : !head ? 1 : this.neckShare;
    const part = (share) => rotation(...Array.from(headRotationRad, (angle) => angle * share * headStrength));
    neck?.turn(part(onNeck));
    head?.turn(part(1 - onNeck));
    leftEye?.turn(rotation(eyes[0] * eyeStrength, eyes[1] * eyeStrength));
    rightEye?.turn(rotation(eyes[2] * eyeStrength, eyes[3] * eyeStrength));
  }
}

// Turns a bone by rotations that are told in the character's axes, whatever the bone's own are. Where an animation writes
// the bone, they come on top of it; where none does, on top of the rest.
class BoneTurner {
  constructor(node, root) {
    this.node = node;
    this.rest = this.written = localRotation(node);
    let characterFromBone = NONE;
    for (let each = node; each && each !== root; each = each.parent) characterFromBone = product(localRotation(each), characterFromBone);
    this.characterFromBone = characterFromBone;
    this.boneFromCharacter = inverse(characterFromBone);
  }

  turn(turned) {
    const now = localRotation(this.node), animated = isSame(now, this.written) ? this.rest : now;
    write(this.node, product(animated, product(product(this.boneFromCharacter, turned), this.characterFromBone)));
    this.written = localRotation(this.node);
  }
}

// The node itself and all below it.
function nodesBelow(root) {
  const children = root.children ?? root.getChildren?.() ?? [];
  return [root, ...children.flatMap(nodesBelow)];
}

// The name as the file has it: three.js writes some characters anew.
function nameOf(node) { return String(node.userData?.name || node.name || ""); }

// The names of a mesh's shapes, and what writes one; null for what has none.
function shapesOf(node) {
  const { morphTargetDictionary: places, morphTargetInfluences: weights, morphTargetManager: targets } = node;
  if (places && weights) {
    const names = Object.keys(places);
    return { names, set: (k, value) => { weights[places[names[k]]] = value; } };
  }
  if (!targets) return null;
  const all = Array.from({ length: targets.numTargets }, (_, k) => targets.getTarget(k));
  return { names: all.map(({ name }) => name), set: (k, value) => { all[k].influence = value; } };
}

function localRotation(node) {
  const { x, y, z, w } = node.quaternion ?? node.rotationQuaternion ?? eulerRotation(node.rotation);
  return { x, y, z, w };
}

// Babylon.js turns by y, then x, then z where a node has no quaternion.
function eulerRotation({ x, y, z }) { return rotation(y, x, z); }

function write(node, turned) {
  if (!node.quaternion && !node.rotationQuaternion) node.rotationQuaternion = node.rotation.toQuaternion();
  (node.quaternion ?? node.rotationQuaternion).set(turned.x, turned.y, turned.z, turned.w);
}

function isSame(a, b) { return a.x === b.x && a.y === b.y && a.z === b.z && a.w === b.w; }

function clamp(value, low, high) { return Math.max(low, Math.min(high, value)); }
