// A face at one instant: the frame of a stream in the words of the API, its rest, and mixtures of two.

import { ARKIT_NAMES, OUTPUTS } from "./fields.js";

/**
 * @typedef {"waiting" | "playing" | "holding" | "releasing" | "resting"} State
 *
 * A face at one instant. Arrays are not written to.
 * @typedef {object} Pose
 * @property {Float32Array} blendshapes 52 weights 0…1, in the order of ARKIT_NAMES.
 * @property {Float32Array} headRotationRad Yaw, pitch, roll relative to rest, radians.
 * @property {Float32Array} headTranslation x, y, z relative to rest, in outer-eye-corner distances.
 * @property {Float32Array} eyeRotationRad Yaw, pitch of the character's left eye, then of the right, radians.
 * @property {Float32Array | null} landmarks 78 times x, y, z, normalised; null until some have come.
 * @property {Float32Array | null} keypoints x, y, z of the picture generator's keypoints; null until some have come.
 * @property {number} speech Share of speech in it, 0…1.
 * @property {State} state Reason why it is shown.
 *
 * One animation frame. Absent outputs were not asked for.
 * @typedef {object} Frame
 * @property {number} stream
 * @property {number} index
 * @property {number} sample Media time in samples.
 * @property {number} speech
 * @property {Float32Array} [weights] 52 values.
 * @property {Float32Array} [head] Yaw, pitch, roll, x, y, z.
 * @property {Float32Array} [eyes] Yaw, pitch of the left eye, then of the right.
 * @property {Float32Array} [landmarks]
 * @property {Float32Array} [keypoints]
 */

const MEMBERS = OUTPUTS.flatMap(({ key, rests, pose }) => pose.map((member) => ({ key, rests, ...member })));

/**
 * Return the pose at rest; what has no rest stays what it was in `last`.
 * @param {Pose | null} last
 * @param {State} state
 * @returns {Pose}
 */
export function rest(last = null, state = "resting") {
  return made(0, state, ({ name, rests, length }) => (rests ? new Float32Array(length) : last?.[name] ?? null));
}

/**
 * Return a frame as a pose; what it does not carry is at rest.
 * @param {Frame} frame
 * @param {State} state
 * @returns {Pose}
 */
export function poseOf(frame, state) {
  return made(frame.speech, state, ({ key, rests, first, length }) => {
    const values = frame[key];
    if (!values) return rests ? new Float32Array(length) : null;
    return rests ? values.subarray(first, first + length) : values;
  });
}

/**
 * Return the pose at x (0…1) of the way from a to b, with b's state.
 * @param {Pose} a
 * @param {Pose} b
 * @param {number} x
 * @returns {Pose}
 */
export function between(a, b, x) {
  return made(a.speech + (b.speech - a.speech) * x, b.state, ({ name }) => mix(a[name], b[name], x));
}

/**
 * Return the weight of one ARKit shape, 0 for an unknown name.
 * @param {Pose} pose
 * @param {string} name
 */
export function weightOf(pose, name) {
  return pose.blendshapes[ARKIT_NAMES.indexOf(name)] ?? 0;
}

/** Return a pose with names for its numbers: weights by name, head { yaw, pitch, roll, x, y, z }, eyes { left, right }. */
export function named({ blendshapes, headRotationRad, headTranslation, eyeRotationRad, speech, state }) {
  const [yaw, pitch, roll] = headRotationRad, [x, y, z] = headTranslation, eyes = eyeRotationRad;
  return {
    speech, state,
    weights: Object.fromEntries(ARKIT_NAMES.map((name, k) => [name, blendshapes[k]])),
    head: { yaw, pitch, roll, x, y, z },
    eyes: { left: { yaw: eyes[0], pitch: eyes[1] }, right: { yaw: eyes[2], pitch: eyes[3] } },
  };
}

/**
 * Return a frame message of `space.json.v1` or `space.player.v1` as a frame. rate: samples a second.
 * @returns {Frame}
 */
export function frameOf({ stream, index, seconds, speech, weights, head, eyes, landmarks, keypoints }, rate) {
  const frame = { stream, index, sample: seconds * rate, speech };
  if (weights) frame.weights = Float32Array.from(ARKIT_NAMES, (name) => weights[name] ?? 0);
  if (head) frame.head = Float32Array.of(head.yaw, head.pitch, head.roll, head.x, head.y, head.z);
  if (eyes) frame.eyes = Float32Array.of(eyes.left.yaw, eyes.left.pitch, eyes.right.yaw, eyes.right.pitch);
  if (landmarks) frame.landmarks = Float32Array.from(landmarks);
  if (keypoints) frame.keypoints = Float32Array.from(keypoints);
  return frame;
}

function made(speech, state, member) {
  const pose = { speech, state };
  for (const each of MEMBERS) pose[each.name] = member(each);
  return pose;
}

function mix(a, b, x) {
  if (!a || !b || a.length !== b.length) return b;
  return b.map((value, k) => a[k] + (value - a[k]) * x);
}
