// Prints as JSON the public names of the web modules, and of each class the members that an object of it has.
import * as face from "../../../engine_bridge/web/index.js";

globalThis.WebSocket = class { close() {} };
const clip = new face.Clip("", 30, [{ stream: 0, index: 0, sample: 0, speech: 0 }]);
const made = {
  Clip: clip, ClipPlayer: new face.ClipPlayer(clip), LivePlayer: new face.LivePlayer("ws://127.0.0.1/"),
  JitterBuffer: new face.JitterBuffer(), FaceRig: new face.FaceRig({ name: "" }), FormatError: new face.FormatError(""),
};
const members = (object) => [...Object.keys(object), ...Object.getOwnPropertyNames(Object.getPrototypeOf(object))];
console.log(JSON.stringify({
  names: Object.keys(face),
  members: Object.fromEntries(Object.entries(made).map(([name, object]) => [name, members(object)])),
}));
process.exit(0);
