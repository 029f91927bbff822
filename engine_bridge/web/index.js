// SPACE facial animation for web pages: live from a server's WebSocket, or from baked clips without one.

export { Clip, loadClip, readClip } from "./clip.js";
export { ClipPlayer, loadSound } from "./clip_player.js";
export { ARKIT_NAMES, OUTPUTS } from "./fields.js";
export { JitterBuffer } from "./jitter.js";
export { LivePlayer } from "./live.js";
export { FormatError } from "./msgpack.js";
export { between, frameOf, named, poseOf, rest, weightOf } from "./pose.js";
export { PRESETS, presetRows } from "./presets.js";
export { FaceRig } from "./rig.js";
export { bestPreset, findBones, matchNames } from "./rig_map.js";
export { rotation } from "./rotations.js";
export { decodeFrame } from "./wire.js";
