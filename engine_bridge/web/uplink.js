// Sound that the page sends up: a file that is dropped or chosen, and the microphone.

const PIECE_BYTES = 128 * 1024;
const ROOM_BYTES = 4 * PIECE_BYTES; // that may wait in the socket: a file is not read faster than it leaves

export async function sendFile(connection, file) {
  connection.say({ type: "file", title: file.name, bytes: file.size });
  for (let at = 0; at < file.size && connection.isOpen; at += PIECE_BYTES) {
    connection.sendBytes(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
    while (connection.isOpen && connection.room > ROOM_BYTES) await new Promise((done) => setTimeout(done, 10));
  }
}

export class Microphone {
  constructor(connection) {
    this.connection = connection;
    this.context = null;
    this.isStarting = false;
  }

  get isOn() { return this.context !== null; }

  async start() {
    if (this.isStarting) return;
    this.isStarting = true;
    try {
      await this.open();
    } finally {
      this.isStarting = false;
    }
  }

  async open() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false } });
    const context = new AudioContext();
    await context.audioWorklet.addModule(new URL("./microphone_worklet.js", import.meta.url));
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }) => this.connection.sendBytes(data);
    context.createMediaStreamSource(stream).connect(capture);
    this.stream = stream;
    this.context = context;
    this.capture = capture;
    this.connection.say({ type: "microphone", rate: context.sampleRate });
  }

  stop() {
    if (!this.isOn) return;
    this.capture.port.onmessage = null; // a piece that is still on its way would be taken for another sound
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
    this.context = null;
    this.connection.say({ type: "microphone_end" });
  }
}
