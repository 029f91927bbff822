// The WebSocket to `space-runtime live` or `serve --to ws://…`: connects, connects again, takes messages apart.
//
// Two sub-protocols (docs/adapters.md): of a program with sound for the page ("space.player.v1"), where messages come
// ahead of time and are stamped with media time, and of plain sinks ("space.json.v1"), which send the newest frame and
// wait for an answer to every message.

export const PLAYER = "space.player.v1";
const PLAIN = "space.json.v1";
const RETRY_MS = 1000;
const SOUND = 1, PICTURE = 2;
const HEADER_BYTES = 16;

export class Connection {
  // handlers: open(isPlayer), closed(sentence), and one for each type of message: frame, texture, begin, …
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.isClosed = false;
    this.unanswered = 0;
    this.textureAhead = null;
    this.everOpen = false;
    this.connect();
  }

  get isOpen() { return this.socket.readyState === WebSocket.OPEN; }

  get isPlayer() { return this.socket.protocol === PLAYER; }

  get room() { return this.socket.bufferedAmount; }

  connect() {
    const socket = new WebSocket(this.url, [PLAYER, PLAIN]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.everOpen = true; this.handlers.open(this.isPlayer); };
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = (event) => this.lost(event);
    this.socket = socket;
  }

  lost({ code, reason }) {
    this.unanswered = 0;
    this.textureAhead = null;
    if (this.isClosed) return;
    this.handlers.closed(sentence(code, reason, this.everOpen));
    setTimeout(() => { if (!this.isClosed) this.connect(); }, RETRY_MS);
  }

  close() {
    this.isClosed = true;
    this.socket.close();
  }

  take(data) {
    if (!this.isPlayer) this.unanswered += 1;
    if (typeof data === "string") this.takeText(JSON.parse(data));
    else if (this.isPlayer) this.takeBytes(data);
    else this.handlers.texture(this.textureAhead, data);
  }

  takeText(message) {
    if (this.isPlayer && message.type === "frame") message.line = message.stream;
    if (message.type === "texture") this.textureAhead = message;
    else this.handlers[message.type]?.(message);
  }

  // Header, little-endian: u32 kind, u32 line, f64 first sample (sound) or seconds (picture); then f32 samples or a JPEG file.
  takeBytes(data) {
    const header = new DataView(data);
    const kind = header.getUint32(0, true), line = header.getUint32(4, true), at = header.getFloat64(8, true);
    if (kind === SOUND) this.handlers.sound({ line, firstSample: at, samples: new Float32Array(data, HEADER_BYTES) });
    if (kind === PICTURE) this.handlers.texture({ line, seconds: at, format: "jpeg" }, new Uint8Array(data, HEADER_BYTES));
  }

  // Answer what has been drawn: a hidden page answers nothing, and a plain sink sends nothing meanwhile.
  answer() {
    for (; this.unanswered > 0; this.unanswered -= 1) this.socket.send("next");
  }

  say(message) {
    if (this.isOpen && this.isPlayer) this.socket.send(JSON.stringify(message));
  }

  sendBytes(bytes) {
    if (this.isOpen) this.socket.send(bytes);
  }
}

function sentence(code, reason, everOpen) {
  if (reason) return `disconnected: ${reason}`;
  if (!everOpen) return "no answer from the program that moves this face; is it still running? Trying again…";
  return "the program that moves this face has ended; start it again and this page goes on by itself";
}
