// MessagePack as the wire uses it: bytes to values, strictly. PROTOCOL.md, section 2.

const MAX_DEPTH = 4;
const MAX_ITEMS = 256;
const MAX_TEXT = 4096;
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are no message, clip or rig of ours. */
export class FormatError extends Error {}

/**
 * Return the map that is all of `bytes`. Raises FormatError for other bytes: no map, the same key twice, extension
 * types, lengths beyond the end, bytes after it.
 * @param {Uint8Array} bytes
 * @returns {Map<string, unknown>}
 */
export function unpackMap(bytes) {
  const reader = new Reader(bytes), value = reader.value(MAX_DEPTH);
  if (reader.at !== bytes.length) throw new FormatError(`${bytes.length - reader.at} bytes follow the message`);
  if (!(value instanceof Map)) throw new FormatError("expected a map");
  return value;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  // Return the place of the next `n` bytes and go behind them.
  take(n) {
    const at = this.at;
    if (n > this.bytes.length - at) throw new FormatError(`the bytes end within a value of ${n} bytes`);
    this.at += n;
    return at;
  }

  value(depth) {
    const head = this.view.getUint8(this.take(1));
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 256;
    if (head < 0x90) return this.map(head & 15, depth);
    if (head < 0xa0) return this.array(head & 15, depth);
    if (head < 0xc0) return this.text(head & 31);
    const read = READERS[head];
    if (!read) throw new FormatError(`the byte 0x${head.toString(16)} begins no value that the protocol has`);
    return read(this, depth);
  }

  text(n) {
    if (n > MAX_TEXT) throw new FormatError(`a text of ${n} bytes`);
    const at = this.take(n);
    try {
      return TEXT.decode(this.bytes.subarray(at, at + n));
    } catch {
      throw new FormatError("a text that is no UTF-8");
    }
  }

  binary(n) {
    const at = this.take(n);
    return this.bytes.subarray(at, at + n);
  }

  array(n, depth) {
    this.check(n, depth);
    return Array.from({ length: n }, () => this.value(depth - 1));
  }

  map(n, depth) {
    this.check(n, depth);
    const found = new Map();
    for (let k = 0; k < n; k += 1) {
      const key = this.value(depth - 1);
      if (typeof key !== "string" || found.has(key)) throw new FormatError("a key that is no text, or comes twice");
      found.set(key, this.value(depth - 1));
    }
    return found;
  }

  check(n, depth) {
    if (depth < 1) throw new FormatError(`more than ${MAX_DEPTH} nested containers`);
    if (n > Math.min(MAX_ITEMS, this.bytes.length - this.at)) throw new FormatError(`${n} entries in one container`);
  }
}

const number = (size, method) => (reader) => reader.view[method](reader.take(size));
const whole64 = (method) => (reader) => Number(reader.view[method](reader.take(8)));
const sized = (read) => Object.fromEntries([["8", 1], ["16", 2], ["32", 4]].map(([bits, size]) => {
  const length = number(size, `getUint${bits}`);
  return [bits, (reader, depth) => reader[read](length(reader), depth)];
}));
const BINARY = sized("binary"), TEXTS = sized("text"), ARRAYS = sized("array"), MAPS = sized("map");
const READERS = {
  0xc0: () => null, 0xc2: () => false, 0xc3: () => true,
  0xc4: BINARY[8], 0xc5: BINARY[16], 0xc6: BINARY[32],
  0xca: number(4, "getFloat32"), 0xcb: number(8, "getFloat64"),
  0xcc: number(1, "getUint8"), 0xcd: number(2, "getUint16"), 0xce: number(4, "getUint32"), 0xcf: whole64("getBigUint64"),
  0xd0: number(1, "getInt8"), 0xd1: number(2, "getInt16"), 0xd2: number(4, "getInt32"), 0xd3: whole64("getBigInt64"),
  0xd9: TEXTS[8], 0xda: TEXTS[16], 0xdb: TEXTS[32],
  0xdc: ARRAYS[16], 0xdd: ARRAYS[32], 0xde: MAPS[16], 0xdf: MAPS[32],
};
