// A face that speaks live: connects to `space-runtime live` (sound and face) or `serve --to ws://…` (the face alone), plays
// the sound and says what is to be shown. Messages are only noted; `update` chooses, once for every picture of the page.

import { Connection } from "./connection.js";
import { Drift } from "./drift.js";
import { LineOrder } from "./lines.js";
import { Playback } from "./playback.js";
import { rest } from "./pose.js";
import { Sync } from "./sync.js";
import { Track } from "./track.js";
import { Microphone, sendFile } from "./uplink.js";

const AHEAD_S = 0.008; // a picture drawn now is seen half a refresh later
export const ONLY_HERE =
  "sound is taken only from the page of `space-runtime live` or a site that --to names as speaker=, and only on this machine";

/**
 * Functions that are called with news; each is optional.
 * @typedef {object} LiveEvents
 * @property {(isPlayer: boolean) => void} [connected] isPlayer: sound comes too.
 * @property {(sentence: string) => void} [disconnected] It connects again by itself.
 * @property {(greeting: { name: string, uploads: boolean, max_bytes: number, camera: boolean }) => void} [hello]
 * @property {(name: string, track: Track) => void} [character] A character came that was not there before.
 * @property {(line: object | null) => void} [line] Another line begins; its `title` is empty for a face that only lives.
 * @property {(seconds: number, samples: Float32Array, rate: number) => void} [sound]
 * @property {(message: object) => void} [frame]
 * @property {(name: string) => void} [picture] Of a portrait, decoded.
 * @property {(sentence: string) => void} [note] For people.
 */
export class LivePlayer {
  /**
   * @param {string} url `ws://127.0.0.1:8765/`, as the command prints it; `?name=Anna` for one character.
   * @param {LiveEvents} events
   * @param {boolean} wantsPictures True: pictures of portraits are decoded.
   */
  constructor(url, events = {}, wantsPictures = false) {
    this.events = events;
    this.wantsPictures = wantsPictures;
    this.playback = new Playback();
    this.sync = new Sync();
    /** Characters by name. @type {Map<string, Track>} */
    this.tracks = new Map();
    this.line = null; // the one that is played: as begun, and what became of it
    this.heard = null; // media time of the sound that is heard, seconds
    this.order = new LineOrder(() => this.isOver());
    this.greeting = { uploads: false, max_bytes: 0, camera: false };
    this.sending = null; // the name of the file that is on its way
    this.connection = new Connection(url, this.handlers());
    this.microphone = new Microphone(this.connection);
  }

  /** True once sound can be heard. */
  get isUnlocked() { return this.playback.isUnlocked; }

  /** The pose that is shown of the first character. */
  get pose() { return this.tracks.values().next().value?.pose ?? rest(null, "waiting"); }

  /** Let sound be heard and the line begin; call it within a click or a key press. */
  async start() {
    await this.playback.unlock();
    this.connection.say({ type: "ready" });
  }

  /** Choose the poses that are shown now; call it once for every picture. Returns the pose of the first character. */
  update(moment = performance.now()) {
    this.order.followUp();
    this.heard = this.line?.rate ? this.playback.position(moment) : null;
    const wanted = this.line?.rate ? (this.heard ?? NaN) + AHEAD_S : null;
    for (const track of this.tracks.values()) this.measure(track.update(wanted, moment));
    this.connection.answer();
    return this.pose;
  }

  /** Speak the line again. */
  replay() { this.connection.say({ type: "replay" }); }

  /** Stop the line. */
  stop() {
    this.microphone.stop();
    this.connection.say({ type: "stop" });
  }

  /** Let the camera that leads the face do so no longer, or again. */
  toggleCamera() { this.connection.say({ type: "camera" }); }

  /** Let the face speak a sound file. @param {File} file */
  async speakFile(file) {
    const limit = this.greeting.max_bytes;
    if (!this.connection.isPlayer) return;
    if (this.sending !== null) this.tell("note", `${this.sending} is on its way; wait until it speaks`);
    else if (!this.greeting.uploads) this.tell("note", `${file.name} is not sent: ${ONLY_HERE}`);
    else if (file.size < 1 || file.size > limit) this.tell("note", `${file.name} has ${file.size} bytes; 1 to ${limit} can be sent`);
    else await this.send(file);
  }

  /** Let the face speak with the microphone, or no longer. */
  async toggleMicrophone() {
    if (this.microphone.isOn) this.microphone.stop();
    else if (this.sending !== null) this.tell("note", `${this.sending} is on its way; wait until it speaks`);
    else {
      try {
        await this.microphone.start();
      } catch (error) {
        this.tell("note", `the microphone cannot be used (${error.message}); let this page use it in the browser's settings`);
      }
    }
  }

  /** Leave the server and be silent. */
  close() {
    this.microphone.stop();
    this.connection.close();
    this.change(null);
  }

  tell(event, ...values) { this.events[event]?.(...values); }

  // One for each type of message, and for the connection itself.
  handlers() {
    const inOrder = (act) => (message) => this.order.take(message.line, () => act(message));
    return {
      open: (isPlayer) => this.opened(isPlayer),
      closed: (sentence) => this.lost(sentence),
      hello: (message) => this.greet(message),
      begin: inOrder((message) => this.change(message)),
      sound: inOrder((message) => this.hear(message)),
      frame: inOrder((message) => this.takeFrame(message)),
      texture: (message, bytes) => this.takeTexture(message, bytes),
      end: inOrder(({ seconds }) => { this.line.sound = seconds; }),
      over: (message) => (message.cut ? this.cut(message.line) : inOrder((each) => this.finish(each))(message)),
      note: ({ text }) => this.tell("note", text),
    };
  }

  opened(isPlayer) {
    this.tell("connected", isPlayer);
    if (isPlayer && this.isUnlocked) this.connection.say({ type: "ready" });
  }

  lost(sentence) {
    this.microphone.stop();
    this.order.drop();
    this.change(null);
    this.tell("disconnected", sentence);
  }

  greet(message) {
    this.greeting = message;
    this.track(message.name);
    this.tell("hello", message);
  }

  track(name) {
    if (!this.tracks.has(name)) {
      const made = new Track();
      if (this.line) made.begin(this.line.line, this.line.rate);
      this.tracks.set(name, made);
      this.tell("character", name, made);
    }
    return this.tracks.get(name);
  }

  isOver() {
    const { line } = this;
    return !line || line.isFree || (line.over !== undefined && (this.playback.position() ?? Infinity) >= line.over);
  }

  // Begin another line; null: none. isFree: the next one may begin whenever it comes.
  change(message) {
    const speaks = Boolean(message?.rate);
    this.line = message ? { ...message, isFree: !speaks } : null;
    this.order.current = message?.line ?? null;
    for (const track of this.tracks.values()) track.begin(message?.line ?? null, message?.rate);
    this.drift = speaks ? new Drift(message.delay) : null;
    this.sync.clear();
    if (speaks) this.playback.begin(message.rate, message.audible);
    else this.playback.clear();
    if (speaks && message.audible) this.microphone.stop();
    this.tell("line", this.line);
  }

  cut(number) {
    this.order.drop(number);
    if (this.line?.line === number) {
      if (this.line.rate && !this.line.audible) this.microphone.stop();
      this.playback.clear();
      this.line.isFree = true;
    }
    this.order.followUp();
  }

  finish({ line, seconds }) {
    this.line.over = seconds;
    if (this.line.rate) for (const track of this.tracks.values()) track.finish(line, seconds);
  }

  hear({ firstSample, samples }) {
    this.playback.push(firstSample, samples);
    this.playback.position(); // forgets what is over, also while nothing is drawn
    this.tell("sound", firstSample / this.line.rate, samples, this.line.rate);
  }

  takeFrame(message) {
    const track = this.track(message.name);
    if (message.line === undefined) track.show(message);
    else track.put(message);
    if (this.line?.rate) this.follow(message.seconds);
    this.tell("frame", message);
  }

  // Keep the distance between the frames that come and the sound that is heard.
  follow(seconds) {
    const heard = this.playback.position();
    if (heard === null) {
      this.playback.start(seconds, this.line.delay);
      return;
    }
    const correction = this.drift.correction(seconds - heard, heard);
    if (correction) this.playback.delayBy(correction);
  }

  async takeTexture(message, bytes) {
    if (!this.wantsPictures) return;
    const picture = await this.decoded(message, bytes), name = message.name ?? this.tracks.keys().next().value;
    const act = () => {
      this.track(name).pictures.push(picture);
      this.tell("picture", name);
    };
    if (picture && !this.order.take(message.line, act)) picture.bitmap.close();
  }

  async decoded({ seconds, index, format }, bytes) {
    try {
      return { seconds: seconds ?? index, bitmap: await createImageBitmap(new Blob([bytes], { type: `image/${format}` })) };
    } catch {
      this.tell("note", "a picture came that this browser cannot read");
      return null;
    }
  }

  measure(drawn) {
    const { line, heard, sync } = this;
    if (heard > 0 && Number.isFinite(drawn) && !(heard > line.sound)) sync.add(drawn, heard);
  }

  async send(file) {
    this.microphone.stop();
    this.sending = file.name;
    try {
      await sendFile(this.connection, file);
    } catch (error) {
      this.tell("note", `${file.name} cannot be read (${error.message}); choose it again`);
    } finally {
      this.sending = null;
    }
  }
}
