// Plays the sound of a line and says what is heard now. The audio device's clock is the master of all that is drawn.
//
// Until the browser lets the page play sound (a click is needed), and where it cannot, the page's own clock takes over.

const LATE_SLACK_S = 0.02; // a piece that comes later than that moves playback, face and all

export class Playback {
  constructor() {
    this.context = null;
    this.volume = 1;
    this.clear();
  }

  clear() {
    this.silence();
    this.pieces = [];
    this.anchor = null; // { media, time, clock }: media time that is heard at a time of a clock
  }

  // Let sound be heard from now on; only within a click or a key press.
  unlock() {
    this.useRate(this.rate || undefined);
    return this.context.resume();
  }

  get isUnlocked() { return this.context !== null; }

  // Begin a line of sound at a rate in hertz. audible: false for a microphone's, which would come back through it.
  begin(rate, audible) {
    this.clear();
    this.rate = rate;
    if (this.context && rate) this.useRate(rate);
    this.gain?.gain.setValueAtTime(audible ? this.volume : 0, 0);
    this.audible = audible;
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.gain && this.audible) this.gain.gain.value = volume;
  }

  // A context of the sound's own rate joins its pieces without a seam.
  useRate(rate) {
    if (this.context && (!rate || this.context.sampleRate === rate)) return;
    this.context?.close();
    this.context = newContext(rate);
    this.gain = new GainNode(this.context);
    this.gain.gain.value = this.audible === false ? 0 : this.volume;
    this.gain.connect(this.context.destination);
  }

  // Say that `media` seconds are to be heard in `delay` seconds.
  start(media, delay) {
    const clock = this.clock();
    this.anchor = { media, time: clock.scheduled + delay, clock: clock.name };
    for (const piece of this.pieces) this.schedule(piece);
  }

  push(firstSample, samples) {
    if (samples.length) this.add(firstSample / this.rate, bufferOf(samples, this.rate));
  }

  // Take a sound of any number of channels, from a media time on.
  add(at, buffer) {
    const piece = { at, buffer, source: null };
    this.pieces.push(piece);
    if (this.anchor) this.schedule(piece);
  }

  // Media time heard at a moment (of performance.now(), milliseconds); null before the line begins.
  position(moment = performance.now()) {
    if (!this.anchor) return null;
    const clock = this.clock(moment);
    if (clock.name !== this.anchor.clock) this.changeClock(clock);
    const position = this.anchor.media + clock.heard - this.anchor.time;
    this.last = position;
    this.forgetBefore(position - 1);
    return position;
  }

  changeClock(clock) {
    this.restart({ media: this.last ?? this.anchor.media, time: clock.heard, clock: clock.name });
  }

  // Let everything be heard later, by seconds; sooner, if negative.
  delayBy(seconds) {
    this.restart({ ...this.anchor, time: this.anchor.time + seconds });
  }

  restart(anchor) {
    this.silence();
    this.anchor = anchor;
    for (const piece of this.pieces) this.schedule(piece);
  }

  // scheduled: the time from which sound can still be given to the device; heard: the time of what leaves it.
  clock(moment = performance.now()) {
    if (this.context?.state !== "running") return { name: "page", scheduled: performance.now() / 1000, heard: moment / 1000 };
    return { name: "audio", scheduled: this.context.currentTime, heard: heardTime(this.context, moment) };
  }

  schedule(piece) {
    const { context, anchor } = this;
    if (anchor.clock !== "audio") return;
    let when = anchor.time + piece.at - anchor.media;
    const late = context.currentTime - when;
    if (late > LATE_SLACK_S && piece.at >= anchor.media && piece === this.pieces.at(-1)) {
      anchor.time += late + LATE_SLACK_S;
      when += late + LATE_SLACK_S;
    }
    const skip = Math.max(0, context.currentTime - when);
    if (skip >= piece.buffer.duration) return;
    piece.source = new AudioBufferSourceNode(context, { buffer: piece.buffer });
    piece.source.connect(this.gain);
    piece.source.start(Math.max(when, context.currentTime), skip);
  }

  forgetBefore(media) {
    while (this.pieces.length > 1 && this.pieces[1].at < media) this.pieces.shift();
  }

  silence() {
    for (const piece of this.pieces ?? []) {
      piece.source?.stop();
      piece.source = null;
    }
  }
}

function bufferOf(samples, rate) {
  const buffer = new AudioBuffer({ length: samples.length, numberOfChannels: 1, sampleRate: rate });
  buffer.copyToChannel(samples, 0);
  return buffer;
}

function newContext(rate) {
  try {
    return new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  } catch {
    return new AudioContext(); // a rate that the browser does not take: it converts each piece
  }
}

// The context's time of the sample that leaves the device at a moment.
export function heardTime(context, moment) {
  const { contextTime, performanceTime } = context.getOutputTimestamp?.() ?? {};
  if (contextTime > 0 && performanceTime > 0) return contextTime + (moment - performanceTime) / 1000;
  return context.currentTime - (context.outputLatency || context.baseLatency || 0);
}
