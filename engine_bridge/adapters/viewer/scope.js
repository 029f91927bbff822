// The sound and the opening of the jaw around the moment that is heard.

const PEAKS_PER_S = 100;
const PAST_S = 4, FUTURE_S = 1;
const FULL_JAW = 0.6; // the weight at the top
const MAX_S = 600; // of sound whose peaks are kept

export class Scope {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.clear();
  }

  clear() {
    this.peaks = new Map();
    this.jaw = [];
  }

  sound(at, samples, rate) {
    const step = Math.max(1, Math.round(rate / PEAKS_PER_S));
    for (let k = 0; k < samples.length; k += step) {
      let most = 0;
      for (let n = k; n < Math.min(k + step, samples.length); n += 1) most = Math.max(most, Math.abs(samples[n]));
      const place = Math.floor((at + k / rate) * PEAKS_PER_S);
      this.peaks.set(place, Math.max(most, this.peaks.get(place) ?? 0));
    }
    while (this.peaks.size > MAX_S * PEAKS_PER_S) this.peaks.delete(this.peaks.keys().next().value);
  }

  frame({ seconds, weights }) {
    this.jaw.push([seconds, weights?.jawOpen ?? 0]);
    while (this.jaw.length && this.jaw[0][0] < seconds - PAST_S - FUTURE_S - 1) this.jaw.shift();
  }

  draw(now) {
    const { pen, canvas: { width, height } } = this, middle = height / 2;
    const x = (seconds) => (seconds - now + PAST_S) / (PAST_S + FUTURE_S) * width;
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = "#4a4e52";
    const bar = width / (PAST_S + FUTURE_S) / PEAKS_PER_S;
    for (let place = Math.floor((now - PAST_S) * PEAKS_PER_S); place < (now + FUTURE_S) * PEAKS_PER_S; place += 1) {
      const peak = this.peaks.get(place);
      if (peak) pen.fillRect(x(place / PEAKS_PER_S), middle - peak * middle, Math.max(1, bar * 0.7), Math.max(1, 2 * peak * middle));
    }
    this.drawJaw(x, height);
    pen.fillStyle = "#d6d8da";
    pen.fillRect(x(now), 0, 1.5, height);
  }

  drawJaw(x, height) {
    const { pen } = this;
    pen.beginPath();
    for (const [seconds, jaw] of this.jaw) pen.lineTo(x(seconds), height - 3 - Math.min(1, jaw / FULL_JAW) * (height - 6));
    pen.strokeStyle = "#c9955a";
    pen.lineWidth = 2;
    pen.stroke();
  }
}
