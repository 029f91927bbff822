// One character: its frames in a jitter buffer, its pictures in the order of time, and the pose that is shown of them.

import { JitterBuffer } from "./jitter.js";
import { frameOf, poseOf, rest } from "./pose.js";
import { Timeline } from "./timeline.js";

const LIVING_RATE = 16000; // samples a second of a face without a sound; any would do
const LIVING_DELAY_S = 0.1;
const MOST_AHEAD_S = 3 * LIVING_DELAY_S;

export class Track {
  constructor() {
    this.jitter = new JitterBuffer();
    this.rate = LIVING_RATE;
    this.pictures = new Timeline((picture) => picture.bitmap.close());
    this.clear();
    /** The pose that is shown. @type {import("./pose.js").Pose} */
    this.pose = rest(null, "waiting");
    this.seconds = NaN; // media time of what is shown
    this.asked = null; // the moment of the last update, milliseconds
  }

  // Forget what waits: another line follows, or none.
  clear() {
    this.pictures.clear();
    this.picture = null; // { seconds, bitmap }; the bitmap is closed when the next one is shown
    this.newest = null; // the message of a plain sink, and its pose
    this.arrival = null; // media time less the page's clock, of a face without a sound
  }

  begin(line, rate) {
    this.clear();
    this.rate = rate || LIVING_RATE;
    this.jitter.begin(line, this.rate);
  }

  // Take a frame of a line.
  put(message, moment = performance.now()) {
    this.jitter.put(frameOf(message, this.rate));
    const ahead = this.arrival === null ? -1 : message.seconds - this.lived(moment);
    if (ahead < 0 || ahead > MOST_AHEAD_S) this.arrival = message.seconds - LIVING_DELAY_S - moment / 1000;
  }

  // Take a frame that is to be shown at once.
  show(message) { this.newest = { seconds: message.seconds, pose: poseOf(frameOf(message, LIVING_RATE), "playing") }; }

  finish(line, seconds) { this.jitter.finish({ stream: line, sample: seconds * this.rate }); }

  // Media time of a face without a sound: a moment after its frames come.
  lived(moment) { return this.arrival === null ? NaN : this.arrival + moment / 1000; }

  // Choose what is shown at a media time (null: at the pace at which frames come). Returns the media time of it.
  update(seconds, moment) {
    const dt = this.asked === null ? 0 : (moment - this.asked) / 1000, wanted = seconds ?? this.lived(moment);
    this.asked = moment;
    this.pose = this.newest?.pose ?? this.jitter.ask(wanted * this.rate, dt);
    this.picture = seconds === null ? this.pictures.newest() : this.pictures.nearest(seconds) ?? this.picture;
    this.seconds = this.newest?.seconds ?? Math.min(wanted, this.jitter.newest / this.rate);
    return this.picture?.seconds ?? this.seconds;
  }
}
