// The pose that is due at a playback position, out of frames that come early, late, twice, out of order or never.
//
// Pure: no clock, no socket; time is what the caller says. The rules stand in PROTOCOL.md, section 9; the runs in
// vectors/jitter.json test every implementation of them.

import { between, poseOf, rest } from "./pose.js";

/** Frames that are kept at most. */
export const CAPACITY = 4096;
/** Frames that are kept at most after their time, for a player that seeks back. */
export const HISTORY = 2048;
/** Time for which a face without anything new is still shown, seconds; a position that goes back further seeks. */
export const HOLD_S = 0.1;
/** Length of the blend to rest, seconds. */
export const RELEASE_S = 0.3;
/** Length of the blend to frames that are due (again), seconds. */
export const ENTER_S = 0.1;

const GAP_S = 0.4; // from this distance on two frames with lost ones between them are no neighbours
const SLOWEST = 0.1; // speed of a position below which it stands still, as a share of real time
const LONGEST_STEP_S = 0.05; // of which the position must have moved by that share: a pause of the host makes no player slow
const LONGEST_DT_S = 1;
const TOLERANCE_S = 1e-6; // of comparisons between lengths of time, against rounding
const FURTHEST = 2 ** 53;

/** The frames of one session's current stream, waiting for their time. */
export class JitterBuffer {
  constructor() {
    /** Counters of the frames that came. */
    this.counts = { taken: 0, replaced: 0, late: 0, foreign: 0, refused: 0 };
    /** Samples a second of the positions. */
    this.rate = 1;
    /** The last answer. @type {import("./pose.js").Pose} */
    this.shown = rest(null, "waiting");
    this.follows = false; // frames, not rest, are being shown or blended to
    this.blend = new Blend(this.shown, RELEASE_S, RELEASE_S);
    this.forget(null);
  }

  /** Frames that wait; those that are kept after their time do not. */
  get length() { return this.frames.length - this.nPassed; }

  /** Media time of the newest frame in samples; minus infinity without one. */
  get newest() { return this.frames.at(-1)?.sample ?? -Infinity; }

  /** Another stream follows, whose positions count samples at `rate` (hertz). */
  begin(stream, rate) {
    this.rate = rate;
    this.forget(stream);
    if (this.follows) this.turnTo(false);
  }

  /**
   * Take a frame; one that comes again replaces the one before.
   * @param {import("./pose.js").Frame} frame
   */
  put(frame) {
    const { frames, counts } = this, at = this.placeOf(frame);
    const again = frames[at]?.index === frame.index;
    if (frame.stream !== this.stream || frame.sample > this.end) counts.foreign += 1;
    else if (frame.index < this.floor) counts.late += 1;
    else if (!this.fits(frame, at, at + Number(again)) || !(again || this.makeRoom())) counts.refused += 1;
    else {
      frames.splice(this.placeOf(frame), Number(again), frame); // making room has moved them
      counts[again ? "replaced" : "taken"] += 1;
    }
  }

  /** The stream ends at a sample; frames beyond it are void. */
  finish({ stream, sample }) {
    if (stream !== this.stream) return;
    this.end = sample;
    const kept = this.frames.filter((frame) => frame.sample <= sample);
    this.counts.foreign += this.frames.length - kept.length;
    this.frames = kept;
    this.nPassed = Math.min(this.nPassed, Math.max(kept.length - 1, 0));
  }

  /**
   * Return the pose at `position` (samples at the stream's rate), `dt` seconds after it was last asked.
   * @param {number} position
   * @param {number} dt
   * @returns {import("./pose.js").Pose}
   */
  ask(position, dt) {
    const seconds = dt > 0 && dt < Infinity ? Math.min(dt, LONGEST_DT_S) : 0, before = this.position;
    const due = this.due(this.move(position, seconds), seconds);
    if (this.follows !== (due !== null) || (due !== null && this.position < before)) this.turnTo(due !== null);
    this.blend.elapsed += seconds;
    this.shown = this.blend.towards(due ?? rest(this.shown, this.idleState()));
    return this.shown;
  }

  forget(stream) {
    this.stream = stream;
    this.frames = []; // in the order of index, which is that of time
    this.nPassed = 0; // frames before the one at or before the position
    this.floor = 0;
    this.end = Infinity;
    this.position = -Infinity;
    this.current = null; // the index of the frame at or before the position, at the last answer
    this.still = 0; // seconds in which there was nothing new
    this.came = false; // a frame of this stream has been due
  }

  placeOf({ index }) { return firstPlace(this.frames, (each) => each.index >= index); }

  // A frame's time lies between those of the frames before `at` and at `after`.
  fits({ sample }, at, after) {
    const { frames } = this;
    const [before, next] = [frames[at - 1]?.sample ?? -Infinity, frames[after]?.sample ?? Infinity];
    return before < sample && sample < next;
  }

  makeRoom() {
    if (this.frames.length >= CAPACITY && this.nPassed) {
      this.frames.shift();
      this.nPassed -= 1;
    }
    return this.frames.length < CAPACITY;
  }

  // Take a position; return its way if it moves, infinity for a seek and the first one, 0 if it stands still.
  move(position, dt) {
    if (!Number.isFinite(position)) return 0;
    const now = Math.min(Math.max(position, -FURTHEST), FURTHEST), before = this.position;
    const seeks = now < before - HOLD_S * this.rate;
    if (now <= before && !seeks) return 0;
    this.position = now;
    const way = seeks ? Infinity : now - before;
    return way >= SLOWEST * Math.min(dt, LONGEST_STEP_S) * this.rate ? way : 0;
  }

  // Return the pose that the frames give for the position; null where they give none.
  due(way, dt) {
    const { frames, position, rate } = this, nBefore = firstPlace(frames, (frame) => frame.sample > position);
    this.nPassed = Math.min(Math.max(nBefore - 1, 0), HISTORY);
    if (nBefore === 0) {
      [this.floor, this.current, this.still] = [0, null, 0];
      return null;
    }
    frames.splice(0, nBefore - 1 - this.nPassed);
    const first = frames[this.nPassed], second = this.neighbour();
    const past = second ? 0 : position - first.sample, longest = HOLD_S + TOLERANCE_S;
    this.countStill(first, past, way, dt);
    [this.floor, this.current, this.came] = [first.index, first.index, true];
    if (position > this.end || this.still > longest || past > longest * rate) return null;
    if (!second || first.sample === position) return poseOf(first, past > 0 ? "holding" : "playing");
    const x = (position - first.sample) / (second.sample - first.sample);
    return between(poseOf(first, "playing"), poseOf(second, "playing"), x);
  }

  // Return the frame after the one at or before the position; null if there is none, or a gap.
  neighbour() {
    const [first, second] = this.frames.slice(this.nPassed, this.nPassed + 2);
    if (!second) return null;
    const isNear = second.sample - first.sample <= (GAP_S + TOLERANCE_S) * this.rate;
    return isNear || second.index === first.index + 1 ? second : null;
  }

  // PROTOCOL.md, section 9, "Standing still".
  countStill(first, past, way, dt) {
    const isSame = first.index === this.current;
    if (this.current !== null && (way === 0 || (isSame && past > 0))) this.still += dt;
    else this.still = way > 0 ? dt * Math.min(past / way, 1) : 0;
  }

  idleState() {
    if (!this.blend.isOver) return "releasing";
    return this.came ? "resting" : "waiting";
  }

  turnTo(follows) {
    this.follows = follows;
    this.blend = new Blend(this.shown, follows ? ENTER_S : RELEASE_S);
  }
}

// A way from a pose to whatever is due, in `length` seconds of which `elapsed` are over.
class Blend {
  constructor(source, length, elapsed = 0) {
    Object.assign(this, { source, length, elapsed });
  }

  get isOver() { return this.elapsed >= this.length - TOLERANCE_S; }

  towards(target) {
    const x = this.elapsed / this.length;
    return this.isOver ? target : between(this.source, target, x ** 3 * (10 - 15 * x + 6 * x * x));
  }
}

// The first place whose item has a property that all after it have too; the length where none has.
function firstPlace(items, has) {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (has(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
