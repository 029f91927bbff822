// Plays a baked clip beside its sound; no server is needed. The face follows the sound that leaves the audio device, through
// pauses, seeks and loops; without a sound, the page's clock.

import { loadClip } from "./clip.js";
import { RELEASE_S } from "./jitter.js";
import { Playback } from "./playback.js";
import { between, rest } from "./pose.js";
import { Sync } from "./sync.js";

const START_S = 0.05; // from a call to the first sample: the device's own queue
const UNLOCK_MS = 500; // to wait for the device; after that the page's clock leads until it is there
const AHEAD_S = 0.008; // a picture drawn now is seen half a refresh later

export class ClipPlayer {
  /**
   * @param {import("./clip.js").Clip} clip
   * @param {AudioBuffer | null} sound The sound from which it was baked; null: silent.
   */
  constructor(clip, sound = null) {
    this.clip = clip;
    this.sound = sound;
    this.playback = new Playback();
    this.sync = new Sync();
    /** Begin again at the end. */
    this.loop = false;
    /** Called at the end of the clip. @type {() => void} */
    this.onended = () => {};
    /** Media time that is shown, seconds. */
    this.seconds = 0;
    /** The pose that is shown. @type {import("./pose.js").Pose} */
    this.pose = rest(null, "waiting");
    this.state = "stopped"; // or "playing", "paused", "stopping"
    this.since = 0; // when it was stopped, milliseconds
    this.n = 0; // calls that change the state: a play that waits for the device is void after another one
  }

  /** Fetch a clip and its sound, which may be missing. */
  static async load(clipUrl, soundUrl = "") {
    const [clip, sound] = await Promise.all([loadClip(clipUrl), soundUrl ? loadSound(soundUrl) : null]);
    return new ClipPlayer(clip, sound);
  }

  get isPlaying() { return this.state === "playing"; }

  /** Play from a media time on; call it within a click or a key press, or nothing is heard. */
  async play(from = 0) {
    const n = this.count();
    this.playback.begin(this.sound?.sampleRate, true);
    if (this.sound) this.playback.add(0, this.sound);
    await Promise.race([this.playback.unlock(), new Promise((done) => setTimeout(done, UNLOCK_MS))]);
    if (n !== this.n) return;
    this.state = "playing";
    this.playback.start(from, START_S);
  }

  /** Hold face and sound. */
  pause() {
    this.count();
    if (!this.isPlaying) return;
    this.state = "paused";
    this.playback.clear();
  }

  /** Go on after a pause. */
  async resume() { if (this.state === "paused") await this.play(this.seconds); }

  /** Be silent; the face goes to rest within 0.3 s. */
  stop() {
    this.count();
    if (this.state === "stopped" || this.state === "stopping") return;
    this.state = "stopping";
    this.since = performance.now();
    this.playback.clear();
  }

  /** Choose the pose that is shown now; call it once for every picture. */
  update(moment = performance.now()) {
    if (this.isPlaying) this.follow(this.playback.position(moment));
    else if (this.state === "stopping") this.fade((moment - this.since) / 1000 / RELEASE_S);
    return this.pose;
  }

  count() {
    this.n += 1;
    return this.n;
  }

  follow(heard) {
    this.seconds = Math.max(0, heard + AHEAD_S);
    this.pose = this.clip.sample(this.seconds);
    if (heard > 0 && this.seconds <= this.clip.seconds) this.sync.add(this.seconds, heard);
    if (heard < this.end) return;
    if (this.loop) {
      this.playback.silence();
      this.playback.start(0, START_S);
    } else {
      this.state = "stopped";
      this.onended();
    }
  }

  get end() { return Math.max(this.clip.seconds, this.sound?.duration ?? 0); }

  fade(x) {
    if (x >= 1) this.state = "stopped";
    this.pose = x >= 1 ? rest() : between(this.clip.sample(this.seconds), rest(null, "releasing"), x);
  }
}

/** Fetch and decode a sound file, without a click. */
export async function loadSound(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} cannot be fetched (${answer.status} ${answer.statusText})`);
  return new OfflineAudioContext(1, 1, 48000).decodeAudioData(await answer.arrayBuffer());
}
