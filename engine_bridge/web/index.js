// SPACE facial animation for web pages: live from a server's WebSocket, or from baked clips without one.

export { Clip, loadClip, readClip } from "./clip.js";
export { ARKIT_NAMES, OUTPUTS } from "./fields.js";
export { JitterBuffer } from "./jitter.js";
export { FormatError } from "./msgpack.js";
export { between, frameOf, named, poseOf, rest, weightOf } from "./pose.js";
export { decodeFrame } from "./wire.js";
