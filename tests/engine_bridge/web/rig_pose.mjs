// Shows a pose on the rig of a .glb in three.js and in Babylon.js, twice, and prints as JSON what both have then:
//   node rig_pose.mjs FILE POSE    in the folder that has node_modules
// POSE: { blendshapes, headRotationRad, eyeRotationRad } as JSON; weights by shape, and the rotations of the bones in the
// axes of the file's root, x y z w.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { FaceRig } from "../../../engine_bridge/web/index.js";

const module = (name) => import(pathToFileURL(path.resolve("node_modules", name)));
const [file, text] = process.argv.slice(2);
const bytes = new Uint8Array(fs.readFileSync(file)), pose = JSON.parse(text);
const BONES = ["Head", "LeftEye", "RightEye"];
const xyzw = ({ x, y, z, w }) => [x, y, z, w];
const still = { blendshapes: new Float32Array(52), headRotationRad: [0.3, 0.2, 0.1], eyeRotationRad: [1, 0, 0, 1] };

function shown(root) {
  const rig = new FaceRig(root);
  for (const each of [still, pose]) rig.apply(each);
  return rig.report;
}

globalThis.self = globalThis;
const THREE = await module("three/build/three.module.js");
const { GLTFLoader } = await module("three/examples/jsm/loaders/GLTFLoader.js");
const { scene } = await new GLTFLoader().parseAsync(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), "");
const report = shown(scene);
scene.updateMatrixWorld(true);
const three = { weights: {}, bones: {} };
scene.traverse(({ morphTargetDictionary: places, morphTargetInfluences: weights }) => {
  for (const [name, place] of Object.entries(places ?? {})) three.weights[name] = weights[place];
});
for (const name of BONES) three.bones[name] = xyzw(scene.getObjectByName(name).getWorldQuaternion(new THREE.Quaternion()));

const { NullEngine, Scene, SceneLoader, Quaternion } = await module("@babylonjs/core/index.js");
await module("@babylonjs/loaders/glTF/index.js");
const world = new Scene(new NullEngine());
await SceneLoader.AppendAsync("", "data:;base64," + Buffer.from(bytes).toString("base64"), world, undefined, ".glb");
const root = world.rootNodes.find(({ name }) => name === "__root__");
shown(root);
const babylon = { weights: {}, bones: {} };
for (const { morphTargetManager: targets } of world.meshes) {
  for (let k = 0; k < (targets?.numTargets ?? 0); k += 1) babylon.weights[targets.getTarget(k).name] = targets.getTarget(k).influence;
}
for (const name of BONES) {
  let turned = Quaternion.Identity();
  for (let node = world.getNodeByName(name); node !== root; node = node.parent) {
    turned = (node.rotationQuaternion ?? Quaternion.FromEulerVector(node.rotation)).multiply(turned);
  }
  babylon.bones[name] = xyzw(turned);
}
world.dispose();
console.log(JSON.stringify({ report, three, babylon }));
process.exit(0);
