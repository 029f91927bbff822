// Names of the weights in their order, and the outputs of a frame with their parts in a pose.
//
// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.

/** @type {readonly string[]} */
export const ARKIT_NAMES = Object.freeze([
  "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft", "eyeWideLeft",
  "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
  "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker",
  "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
  "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper",
  "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
  "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp",
  "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
  "noseSneerRight", "tongueOut",
]);

// length: float32 values in a frame; 0: groups of `group` of them. rests: zero at rest.
// first: of a member's values in those of the output.
export const OUTPUTS = Object.freeze([
  { key: "weights", length: 52, group: 0, rests: true, pose: [
    { name: "blendshapes", length: 52, first: 0 },
  ] },
  { key: "head", length: 6, group: 0, rests: true, pose: [
    { name: "headRotationRad", length: 3, first: 0 },
    { name: "headTranslation", length: 3, first: 3 },
  ] },
  { key: "eyes", length: 4, group: 0, rests: true, pose: [
    { name: "eyeRotationRad", length: 4, first: 0 },
  ] },
  { key: "landmarks", length: 234, group: 0, rests: false, pose: [
    { name: "landmarks", length: 234, first: 0 },
  ] },
  { key: "keypoints", length: 0, group: 3, rests: false, pose: [
    { name: "keypoints", length: 0, first: 0 },
  ] },
]);
