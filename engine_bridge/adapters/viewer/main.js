// The viewer page. What is shown when is the affair of web/live.js; here it is drawn, and buttons are pressed.

import { Character } from "./character.js";
import { acceptDrops } from "./drops.js";
import { Panels } from "./panels.js";
import { Scope } from "./scope.js";
import { LivePlayer, ONLY_HERE } from "./web/live.js";

const NOTE_MS = 12_000;
const $ = (id) => document.getElementById(id);

const characters = new Map();
const stats = { frames: 0, textures: 0 };
const scope = new Scope($("scope"));
const panels = new Panels($("panels"));
let chosen = null; // the character whose numbers are shown
let noteTimer = 0, nDrawn = 0;

const player = new LivePlayer(`ws://${location.host}/${location.search}`, {
  connected(isPlayer) {
    say("connected, waiting for frames");
    note("");
    $("transport").hidden = !isPlayer;
    $("start").hidden = !isPlayer || player.isUnlocked;
  },
  disconnected(sentence) {
    say("not connected");
    note(sentence, Infinity);
    $("start").hidden = true;
  },
  hello({ uploads, camera }) {
    $("camera").hidden = !camera || !uploads;
    for (const id of ["open", "microphone"]) {
      $(id).disabled = !uploads;
      if (!uploads) $(id).title = ONLY_HERE;
    }
  },
  character: addCharacter,
  line: beginLine,
  sound(seconds, samples, rate) { scope.sound(seconds, samples, rate); },
  frame(message) {
    stats.frames += 1;
    if (player.line?.rate) scope.frame(message);
    else if (!player.connection.isPlayer) say("connected");
  },
  picture() { stats.textures += 1; },
  note,
}, true);

function addCharacter(name) {
  const made = new Character(name, $("faces"));
  characters.set(name, made);
  made.section.addEventListener("click", () => choose(made));
  if (!chosen) choose(made);
}

function choose(made) {
  chosen = made;
  for (const each of characters.values()) each.section.classList.toggle("chosen", each === made);
}

function beginLine(line) {
  for (const each of characters.values()) each.clear();
  const speaks = Boolean(line?.rate);
  if (speaks) scope.clear();
  if (line) say(speaks ? `speaking ${line.title}` : "listening for the next line");
  $("stop").disabled = !speaks;
  showMicrophone();
}

function showMicrophone() { $("microphone").classList.toggle("on", player.microphone.isOn); }

function draw(moment) {
  player.update(moment);
  for (const [name, each] of characters) each.draw(player.tracks.get(name));
  drawNumbers(player.heard);
  requestAnimationFrame(draw);
}

// Half as often as the face: on a small machine the processor is the face's.
function drawNumbers(heard) {
  nDrawn += 1;
  if (nDrawn % 2) {
    if (chosen?.shown) panels.draw(chosen.shown);
  } else if (heard !== null) {
    scope.draw(heard);
  }
  if (nDrawn % 30 === 0) {
    const text = heard === null || player.isOver() ? "" : player.sync.text;
    if ($("sync").textContent !== text) $("sync").textContent = text;
  }
}

function start() {
  $("start").hidden = true;
  return player.start();
}

async function speakFile(file) {
  const sent = player.speakFile(file);
  showMicrophone();
  await sent;
}

async function toggleMicrophone() {
  await player.toggleMicrophone();
  showMicrophone();
}

function say(text) {
  if ($("state").textContent !== text) $("state").textContent = text;
}

function note(text, forMs = NOTE_MS) {
  $("note").textContent = text;
  $("note").hidden = !text;
  clearTimeout(noteTimer);
  if (text && forMs < Infinity) noteTimer = setTimeout(() => { $("note").hidden = true; }, forMs);
}

$("start").addEventListener("click", start);
$("replay").addEventListener("click", () => { if (!player.isUnlocked) start(); player.replay(); });
$("stop").addEventListener("click", () => player.stop());
$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => { const [file] = $("file").files; if (file) speakFile(file); $("file").value = ""; });
$("microphone").addEventListener("click", toggleMicrophone);
$("camera").addEventListener("click", () => player.toggleCamera());
$("volume").addEventListener("input", () => player.playback.setVolume(Number($("volume").value)));
window.addEventListener("keydown", ({ key, repeat }) => {
  if (!repeat && key === "Escape") $("stop").click();
  if (!repeat && key.toLowerCase() === "r") $("replay").click();
  if (!repeat && key.toLowerCase() === "c" && !$("camera").hidden) $("camera").click();
});
acceptDrops($("drop"), speakFile);
const { playback, sync } = player;
window.space = { characters, stats, sync, playback, speakFile, get line() { return player.line; } };
requestAnimationFrame(draw);
