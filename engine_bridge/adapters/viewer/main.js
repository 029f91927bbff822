// The viewer page. Messages are only noted; drawing waits for the browser's next picture, and what is drawn is what
// belongs to the sound that is heard then (of plain sinks, which send no sound: the newest).

import { Character } from "./character.js";
import { Connection } from "./connection.js";
import { Drift } from "./drift.js";
import { Panels } from "./panels.js";
import { Playback } from "./playback.js";
import { Scope } from "./scope.js";
import { Microphone, acceptDrops, sendFile } from "./sources.js";
import { Sync } from "./sync.js";

const AHEAD_S = 0.008; // a picture drawn now is seen half a refresh later
const NOTE_MS = 12_000;
const ONLY_HERE = "sound is taken only from this page's own address, and where it is served to this machine alone";
const $ = (id) => document.getElementById(id);

const characters = new Map();
const stats = { frames: 0, textures: 0 };
const playback = new Playback(), sync = new Sync(), scope = new Scope($("scope"));
const panels = new Panels($("panels"));
let chosen = null; // the character whose numbers are shown
let line = null; // the one that is played: as begun, and what became of it
const following = []; // { line, act }: what waits until it is over, in order
let greeting = { uploads: false, max_bytes: 0 }; // of the program that serves the page
let drift = null; // of the line that is played
let sending = null; // the name of the file that is on its way
let noteTimer = 0, nDrawn = 0;

const connection = new Connection({
  open(isPlayer) {
    say("connected, waiting for frames");
    note("");
    $("transport").hidden = !isPlayer;
    $("start").hidden = !isPlayer || playback.isUnlocked;
    if (isPlayer && playback.isUnlocked) connection.say({ type: "ready" });
  },
  closed(sentence) {
    say("not connected");
    note(sentence, Infinity);
    microphone.stop();
    change(null);
    following.length = 0;
    $("start").hidden = true;
  },
  hello(message) {
    greeting = message;
    character(message.name);
    for (const id of ["open", "microphone"]) {
      $(id).disabled = !message.uploads;
      if (!message.uploads) $(id).title = ONLY_HERE;
    }
  },
  begin(message) { inOrder(message, () => change(message)); },
  sound(message) { inOrder(message, () => hear(message)); },
  frame(message) { inOrder(message, () => takeFrame(message)); },
  async texture(message, bytes) {
    const picture = await decoded(message, bytes);
    if (picture && !inOrder(message, () => takePicture(message, picture))) picture.bitmap.close();
  },
  end(message) { inOrder(message, () => { line.sound = message.seconds; }); },
  over(message) {
    if (message.cut) cut(message.line);
    else inOrder(message, () => { line.over = message.seconds; });
  },
  note({ text }) { note(text); },
});
const microphone = new Microphone(connection);

// Do at once what belongs to the line that is played, or to none (plain sinks); what belongs to a later one waits until
// that one is over, what belongs to an earlier one comes too late. Returns false for that.
function inOrder(message, act) {
  const number = message.line;
  if (number === undefined || number === line?.line) act();
  else if (number > (following.at(-1)?.line ?? line?.line ?? -1) || following.some((each) => each.line === number)) {
    following.push({ line: number, act });
    followUp();
  } else return false;
  return true;
}

function isOver() {
  return line.newest || (line.over !== undefined && (playback.position() ?? Infinity) >= line.over);
}

function followUp() {
  while (following.length && (!line || following[0].line === line.line || isOver())) following.shift().act();
}

function cut(number) {
  following.splice(0, following.length, ...following.filter((each) => each.line !== number));
  if (line?.line === number) {
    if (line.rate && !line.audible) microphone.stop();
    playback.clear();
    line.newest = true;
  }
  followUp();
}

// Begin another line; null: none.
function change(message) {
  for (const each of characters.values()) each.clear();
  if (message?.rate) {
    playback.begin(message.rate, message.audible);
    drift = new Drift(message.delay);
    scope.clear();
    sync.clear();
  } else {
    playback.clear();
  }
  if (message?.rate && message.audible) microphone.stop();
  line = message ? { ...message, newest: !message.rate } : null;
  const speaks = Boolean(message?.rate);
  if (message) say(speaks ? `speaking ${message.title}` : "listening for the next line");
  $("stop").disabled = !speaks;
  $("microphone").classList.toggle("on", microphone.isOn);
}

function hear({ firstSample, samples }) {
  playback.push(firstSample, samples);
  playback.position(); // forgets what is over, also while nothing is drawn
  scope.sound(firstSample / line.rate, samples, line.rate);
}

function takeFrame(message) {
  stats.frames += 1;
  character(message.name).frames.push(message);
  if (!line?.rate) return;
  scope.frame(message);
  if (playback.anchor) follow(message.seconds);
  else playback.start(message.seconds, line.delay);
}

// Keep the distance between the frames that come and the sound that is heard.
function follow(seconds) {
  const heard = playback.position(), correction = drift.correction(seconds - heard, heard);
  if (correction) playback.delayBy(correction);
}

function takePicture(message, picture) {
  stats.textures += 1;
  const { pictures } = character(message.name ?? [...characters.keys()][0]);
  pictures.push(picture);
}

async function decoded({ seconds, index, format }, bytes) {
  try {
    return { seconds: seconds ?? index, bitmap: await createImageBitmap(new Blob([bytes], { type: `image/${format}` })) };
  } catch {
    note("a picture came that this browser cannot read");
    return null;
  }
}

function character(name) {
  if (!characters.has(name)) {
    const made = new Character(name, $("faces"));
    characters.set(name, made);
    made.section.addEventListener("click", () => choose(made));
    if (!chosen) choose(made);
  }
  return characters.get(name);
}

function choose(made) {
  chosen = made;
  for (const each of characters.values()) each.section.classList.toggle("chosen", each === made);
}

function draw(moment) {
  followUp();
  const heard = line?.rate ? playback.position(moment) : null;
  const wanted = line?.rate ? (heard ?? -Infinity) + AHEAD_S : null;
  for (const each of characters.values()) {
    const drawn = each.draw(wanted);
    if (each === chosen && heard !== null && drawn !== null && heard > 0 && !(heard > line.sound)) sync.add(drawn, heard);
  }
  drawNumbers(heard);
  if (!connection.isPlayer && connection.unanswered) say("connected");
  connection.answer();
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
  if (nDrawn % 30 === 0 && $("sync").textContent !== sync.text) $("sync").textContent = sync.text;
}

async function ready() {
  $("start").hidden = true;
  await playback.unlock();
  connection.say({ type: "ready" });
}

async function speakFile(file) {
  if (!file || !connection.isPlayer) return;
  const limit = greeting.max_bytes;
  if (sending !== null) note(`${sending} is on its way; wait until it speaks`);
  else if (!greeting.uploads) note(`${file.name} is not sent: ${ONLY_HERE}`);
  else if (file.size < 1 || file.size > limit) note(`${file.name} has ${file.size} bytes; 1 to ${limit} can be sent`);
  else await send(file);
}

async function send(file) {
  switchOff();
  sending = file.name;
  try {
    await sendFile(connection, file);
  } catch (error) {
    note(`${file.name} cannot be read (${error.message}); choose it again`);
  } finally {
    sending = null;
  }
}

function switchOff() {
  microphone.stop();
  $("microphone").classList.remove("on");
}

async function toggleMicrophone() {
  if (microphone.isOn) {
    microphone.stop();
  } else if (sending !== null) {
    note(`${sending} is on its way; wait until it speaks`);
  } else {
    try {
      await microphone.start();
    } catch (error) {
      note(`the microphone cannot be used (${error.message}); let this page use it in the browser's settings`);
    }
  }
  $("microphone").classList.toggle("on", microphone.isOn);
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

$("start").addEventListener("click", ready);
$("replay").addEventListener("click", () => { if (!playback.isUnlocked) ready(); connection.say({ type: "replay" }); });
$("stop").addEventListener("click", () => { microphone.stop(); connection.say({ type: "stop" }); });
$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => { speakFile($("file").files[0]); $("file").value = ""; });
$("microphone").addEventListener("click", toggleMicrophone);
$("volume").addEventListener("input", () => playback.setVolume(Number($("volume").value)));
window.addEventListener("keydown", ({ key, repeat }) => {
  if (!repeat && key === "Escape") $("stop").click();
  if (!repeat && key.toLowerCase() === "r") $("replay").click();
});
acceptDrops($("drop"), speakFile);
window.space = { characters, stats, sync, playback, speakFile, get line() { return line; } };
requestAnimationFrame(draw);
