// Samples clips and prints the poses as JSON: node clip_samples.mjs FILE TIME…
import fs from "node:fs";
import { readClip } from "../../../engine_bridge/web/index.js";

const [file, ...times] = process.argv.slice(2);
const clip = readClip(fs.readFileSync(file));
const poses = times.map((time) => clip.sample(Number(time)));
console.log(JSON.stringify({
  name: clip.name, framesPerSecond: clip.framesPerSecond, nFrames: clip.frames.length, seconds: clip.seconds,
  states: poses.map(({ state }) => state),
  ...Object.fromEntries(["blendshapes", "headRotationRad", "headTranslation", "eyeRotationRad"].map(
    (key) => [key, poses.map((pose) => [...pose[key]])])),
}));
