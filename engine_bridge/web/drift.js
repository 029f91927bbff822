// Two clocks drift apart: that of the program that sends frames, and that of this page's audio device. Over an hour of a
// microphone it is a third of a second.

const PATIENCE_S = 1;
const SPARE_S = 0.25;

export class Drift {
  // delay: seconds by which frames come before they are shown.
  constructor(delay) {
    this.delay = delay;
    this.wrongSince = null;
  }

  // Return the seconds by which playback is to be later: 0 unless all frames of a second came too late, or far too soon.
  // ahead: of a frame that has just come before what is heard, seconds; now: what is heard.
  correction(ahead, now) {
    if (ahead >= 0 && ahead <= this.delay + SPARE_S) {
      this.wrongSince = null;
      return 0;
    }
    this.wrongSince ??= now;
    if (now - this.wrongSince < PATIENCE_S) return 0;
    this.wrongSince = null;
    return this.delay - ahead;
  }
}
