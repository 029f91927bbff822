// A `frame` of the wire, as .spaceclip files and the sub-protocol space.msgpack.v1 carry it.

import { OUTPUTS } from "./fields.js";
import { FormatError, unpackMap } from "./msgpack.js";

const WHOLE = ["session", "stream", "seq", "index"];
const MOST_U32 = 2 ** 32 - 1;
const MOST_F32 = 3.4028234663852886e38;

/**
 * Return the frame in `bytes`. Raises FormatError for everything that is none.
 * @param {Uint8Array} bytes
 * @returns {import("./pose.js").Frame & { session: number, seq: number }}
 */
export function decodeFrame(bytes) {
  const message = unpackMap(bytes);
  if (message.get("type") !== "frame") throw new FormatError(`a message of type ${message.get("type")}; expected a frame`);
  const frame = { sample: finite(message, "sample", Number.MAX_VALUE), speech: finite(message, "speech", MOST_F32) };
  for (const key of WHOLE) frame[key] = whole(message, key);
  for (const output of OUTPUTS) {
    const values = message.get(output.key);
    if (values !== undefined && values !== null && output.pose.length) frame[output.key] = floats(output, values);
  }
  return frame;
}

function whole(message, key) {
  const value = message.get(key);
  if (!Number.isInteger(value) || value < 0 || value > MOST_U32) throw new FormatError(`${key} of a frame is ${value}`);
  return value;
}

function finite(message, key, most) {
  const value = message.get(key);
  if (!Number.isFinite(value) || Math.abs(value) > most) throw new FormatError(`${key} of a frame is ${value}`);
  return value;
}

function floats({ key, length, group }, bytes) {
  const n = bytes instanceof Uint8Array ? bytes.length / 4 : NaN;
  if (!(length ? n === length : n % group === 0)) throw new FormatError(`${key} of a frame has ${n} values`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float32Array.from({ length: n }, (_, k) => view.getFloat32(4 * k, true));
  if (!values.every(Number.isFinite)) throw new FormatError(`${key} of a frame has a number that is none`);
  return values;
}
