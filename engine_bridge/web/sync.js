// Measures the distance between the face that is drawn and the sound that is heard.

const KEPT = 600;
const BUSY_MS = 200;

export class Sync {
  constructor() { this.offsets = []; }

  // Media time of what has been drawn, and of what is heard meanwhile, seconds. Positive: the face is ahead.
  add(drawn, heard) {
    this.offsets.push(1000 * (drawn - heard));
    if (this.offsets.length > KEPT) this.offsets.shift();
  }

  clear() { this.offsets = []; }

  get median() { return this.quantile(0.5); }

  get worst() { return this.offsets.reduce((most, each) => Math.max(most, Math.abs(each)), 0); }

  quantile(share) {
    const sorted = [...this.offsets].sort((a, b) => a - b);
    return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  }

  get text() {
    if (this.offsets.length < 10) return "";
    if (Math.abs(this.median) > BUSY_MS) return "this machine is busy: pictures of the face are left out";
    const sign = this.median < 0 ? "−" : "+";
    return `face ${sign}${Math.abs(this.median).toFixed(0)} ms to the sound`;
  }
}
