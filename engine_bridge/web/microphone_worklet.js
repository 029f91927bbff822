// Hands a microphone's samples to the page, 20 ms at a time, as 16-bit whole numbers.

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Int16Array(Math.round(sampleRate / 50));
    this.filled = 0;
  }

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.piece[this.filled] = Math.max(-1, Math.min(1, sample)) * 32767;
      this.filled += 1;
      if (this.filled === this.piece.length) this.post();
    }
    return true;
  }

  post() {
    this.port.postMessage(this.piece.buffer, [this.piece.buffer]);
    this.piece = new Int16Array(Math.round(sampleRate / 50));
    this.filled = 0;
  }
}

registerProcessor("capture", Capture);
