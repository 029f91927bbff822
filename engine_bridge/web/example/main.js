// A head in three.js that speaks: a baked clip, or live. What it loads stands in the address of the page:
//   ?head=npc.glb&clip=hello.spaceclip&sound=hello.wav&live=ws://127.0.0.1:8765/

import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { ClipPlayer, FaceRig, LivePlayer, rest } from "@space-runtime/face";

const asked = new URLSearchParams(location.search);
const HEAD = asked.get("head") ?? "npc.glb", CLIP = asked.get("clip") ?? "hello.spaceclip";
const SOUND = asked.get("sound") ?? "hello.wav", LIVE = asked.get("live") ?? "ws://127.0.0.1:8765/";
const $ = (id) => document.getElementById(id);

const renderer = new THREE.WebGLRenderer({ antialias: true });
const scene = new THREE.Scene(), camera = new THREE.PerspectiveCamera(28, 1, 0.01, 100);
const controls = new OrbitControls(camera, renderer.domElement);
let rig = null, player = null; // a ClipPlayer or a LivePlayer

async function load() {
  document.body.prepend(renderer.domElement);
  scene.background = new THREE.Color(0x1a1d21);
  scene.add(new THREE.HemisphereLight(0xe8edf2, 0x7a6c60, 2.0));
  const key = new THREE.DirectionalLight(0xfff2e2, 1.7);
  key.position.set(0.7, 0.5, 1.4);
  scene.add(key);
  const { scene: head } = await new GLTFLoader().loadAsync(HEAD);
  scene.add(head);
  rig = new FaceRig(head);
  frame(head);
  const { driven, preset, bones } = rig.report;
  note(`${HEAD}: ${driven.length} shapes (${preset}), bones: ${bones.join(", ") || "none"}`);
}

// Put the camera before the head: from above it down to a little below its bone; all that was loaded where there is none.
function frame(head) {
  const box = new THREE.Box3().setFromObject(head), middle = box.getCenter(new THREE.Vector3());
  const bone = rig.bones.head?.node.getWorldPosition(new THREE.Vector3());
  const height = bone ? 1.5 * (box.max.y - bone.y) : box.max.y - box.min.y, y = box.max.y - 0.5 * height;
  const distance = 0.58 * height / Math.tan(THREE.MathUtils.degToRad(camera.fov / 2));
  controls.target.set(middle.x, y, middle.z);
  camera.position.set(middle.x, y, (bone?.z ?? middle.z) + distance);
  controls.update();
}

async function playClip() {
  use(await ClipPlayer.load(CLIP, SOUND));
  player.onended = () => note("the clip is over");
  await player.play();
  note(`playing ${CLIP}`);
}

async function speakLive() {
  const connected = new LivePlayer(LIVE, {
    disconnected: note,
    hello({ uploads }) { $("microphone").disabled = !uploads; },
    line(line) { if (line) note(line.title ? `speaking ${line.title}` : "listening"); },
    note,
  });
  use(connected);
  await connected.start();
}

function use(other) {
  player?.close?.();
  player?.stop();
  player = other;
  $("stop").disabled = false;
  $("microphone").disabled = true;
}

function draw(moment) {
  rig?.apply(player ? player.update(moment) : rest());
  const { innerWidth: width, innerHeight: height } = window;
  if (renderer.domElement.width !== width || renderer.domElement.height !== height) {
    renderer.setSize(width, height);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
  }
  renderer.render(scene, camera);
  $("sync").textContent = player?.sync.text ?? "";
}

function note(text) { $("note").textContent = text; }

function attempt(act) { return () => act().catch((error) => note(error.message)); }

$("baked").addEventListener("click", attempt(playClip));
$("live").addEventListener("click", attempt(speakLive));
$("stop").addEventListener("click", () => player.stop());
$("microphone").addEventListener("click", () => player.toggleMicrophone());
window.space = { scene, get rig() { return rig; }, get player() { return player; } };
renderer.setAnimationLoop(draw);
attempt(load)();
