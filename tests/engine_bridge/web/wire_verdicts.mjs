// Reads files of bytes and prints as JSON which are maps of the wire, and what the frames among them hold: node … FILE…
import fs from "node:fs";
import { FormatError, decodeFrame, readClip } from "../../../engine_bridge/web/index.js";
import { unpackMap } from "../../../engine_bridge/web/msgpack.js";

function verdict(read, bytes) {
  try {
    return read(bytes) ?? true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}

const plain = (frame) => frame && Object.fromEntries(
  Object.entries(frame).map(([key, value]) => [key, value instanceof Float32Array ? [...value] : value]));

// Every truncation, and every byte in turn replaced: each is read or refused by a FormatError, or this ends with an error.
function damage(bytes, read) {
  let nRefused = 0;
  for (let k = 0; k < bytes.length; k += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[k] ^= 1 << (k % 8);
    for (const each of [bytes.subarray(0, k), flipped]) if (verdict(read, each) === null) nRefused += 1;
  }
  return nRefused;
}

console.log(JSON.stringify(process.argv.slice(2).map((file) => {
  const bytes = new Uint8Array(fs.readFileSync(file)), isClip = file.endsWith(".spaceclip");
  return {
    isMap: verdict((data) => { unpackMap(data); return true; }, bytes) !== null,
    frame: plain(verdict(decodeFrame, bytes)),
    nRefused: bytes.length < 3000 ? damage(bytes, isClip ? readClip : decodeFrame) : 0,
    nBytes: bytes.length,
  };
})));
