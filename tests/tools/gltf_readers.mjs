// Reads a .glb with the Khronos validator, three.js and Babylon.js, and prints as JSON what each says of it:
//   node gltf_readers.mjs FILE TIME…
// errors and warnings of the validator, and the weights of the node "Face" by target at each time.
import fs from "node:fs";
import { pathToFileURL } from "node:url";
import path from "node:path";

// Run in the folder that has node_modules.
const module = (name) => import(pathToFileURL(path.resolve("node_modules", name)));
const [file, ...texts] = process.argv.slice(2);
const times = texts.map(Number);
const bytes = new Uint8Array(fs.readFileSync(file));

const validator = (await module("gltf-validator/index.js")).default;
const report = await validator.validateBytes(bytes);
const { numErrors, numWarnings, messages } = report.issues;

globalThis.self = globalThis;
const THREE = await module("three/build/three.module.js");
const { GLTFLoader } = await module("three/examples/jsm/loaders/GLTFLoader.js");
const gltf = await new GLTFLoader().parseAsync(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), "");
const mixer = new THREE.AnimationMixer(gltf.scene);
mixer.clipAction(gltf.animations.at(-1)).play();
let face;  // of several primitives three.js makes a group of meshes
gltf.scene.getObjectByName("Face").traverse((part) => { face = face ?? (part.morphTargetInfluences && part); });
const three = times.map((time) => {
  mixer.setTime(time);
  return [...face.morphTargetInfluences];
});

const { NullEngine, Scene, SceneLoader } = await module("@babylonjs/core/index.js");
await module("@babylonjs/loaders/glTF/index.js");
const scene = new Scene(new NullEngine());
const data = "data:;base64," + Buffer.from(bytes).toString("base64");
await SceneLoader.AppendAsync("", data, scene, undefined, ".glb");
const group = scene.animationGroups.at(-1);
group.start(false);
group.pause();
const targets = scene.meshes.map((mesh) => mesh.morphTargetManager).find((manager) => manager);
const babylon = times.map((time) => {
  group.goToFrame(time * 60);  // Babylon counts 60 frames to a second of glTF
  return Array.from({ length: targets.numTargets }, (_, k) => targets.getTarget(k).influence);
});
scene.dispose();
console.log(JSON.stringify({ numErrors, numWarnings, messages, three, babylon }));
process.exit(0);
