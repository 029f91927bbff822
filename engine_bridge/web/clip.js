// A baked clip, .spaceclip (docs/formats.md): read once, then asked for poses. No server is needed.

import { ARKIT_NAMES } from "./fields.js";
import { RELEASE_S } from "./jitter.js";
import { FormatError, unpackMap } from "./msgpack.js";
import { between, poseOf, rest } from "./pose.js";
import { decodeFrame } from "./wire.js";

const MAGIC = "SPACECLP";
const VERSION = 1;
const HEAD_BYTES = 16;
const MAX_HEADER_BYTES = 1 << 20;

/** The face of a line, frame by frame. */
export class Clip {
  /**
   * @param {string} name
   * @param {number} framesPerSecond
   * @param {import("./pose.js").Frame[]} frames
   */
  constructor(name, framesPerSecond, frames) {
    this.name = name;
    this.framesPerSecond = framesPerSecond;
    this.frames = frames;
  }

  /** Media time of the last frame, at which every clip is at rest. */
  get seconds() { return (this.frames.length - 1) / this.framesPerSecond; }

  /**
   * Return the face at a media time, between two frames their mixture. It is at rest before 0, and goes there within
   * 0.3 s after the last frame, for clips that were cut.
   * @param {number} seconds
   * @returns {import("./pose.js").Pose}
   */
  sample(seconds) {
    if (!(seconds >= 0)) return rest(null, "waiting");
    const { frames } = this, past = seconds - this.seconds;
    if (past >= RELEASE_S) return rest();
    if (past > 0) return between(poseOf(frames.at(-1), "playing"), rest(null, "releasing"), past / RELEASE_S);
    const at = Math.min(seconds * this.framesPerSecond, frames.length - 1), first = Math.floor(at);
    const pose = poseOf(frames[first], "playing");
    return first === at ? pose : between(pose, poseOf(frames[first + 1], "playing"), at - first);
  }
}

/**
 * Return the clip in the bytes of a .spaceclip. Raises FormatError for other bytes.
 * @param {ArrayBuffer | Uint8Array} data
 */
export function readClip(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const start = headerEnd(bytes), header = unpackMap(bytes.subarray(HEAD_BYTES, start));
  const size = header.get("frame_bytes"), n = header.get("frames"), rate = header.get("fps");
  if (!(n >= 1) || n * size !== bytes.length - start) throw new FormatError("its header does not fit its frames");
  if (!Array.isArray(rate) || rate.length !== 2 || !(rate[0] > 0 && rate[1] > 0)) throw new FormatError("it has no frame rate");
  if (String(header.get("weights")) !== String(ARKIT_NAMES)) throw new FormatError("its weights are not ARKit's 52");
  const frames = Array.from({ length: n }, (_, k) => decodeFrame(bytes.subarray(start + k * size, start + (k + 1) * size)));
  if (!frames.every((frame, k) => frame.index === k)) throw new FormatError("its frames are not in order");
  return new Clip(String(header.get("name") ?? ""), rate[0] / rate[1], frames);
}

/**
 * Fetch and read a .spaceclip. Raises FormatError for a file that is none, Error for one that cannot be had.
 * @param {string | URL} url
 */
export async function loadClip(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} cannot be fetched (${answer.status} ${answer.statusText})`);
  return readClip(await answer.arrayBuffer());
}

function headerEnd(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begins = bytes.length >= HEAD_BYTES && String.fromCharCode(...bytes.subarray(0, 8)) === MAGIC;
  if (!begins || view.getUint32(8, true) !== VERSION) throw new FormatError("the file is no .spaceclip of version 1; bake it anew");
  const size = view.getUint32(12, true);
  if (size > Math.min(MAX_HEADER_BYTES, bytes.length - HEAD_BYTES)) throw new FormatError("the file ends within its header");
  return HEAD_BYTES + size;
}
