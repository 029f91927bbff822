// Says when which mouth shape is heard in raw sounds: node visemes.mjs rhubarb|headaudio PACKAGE FILE…
// FILE: 16-bit mono samples at 16 kHz. Prints one line of JSON per file: a list of [start_s, end_s, shape].
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [system, folder, ...files] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(folder, name)).href);

async function rhubarb() {
  console.log = console.debug = () => {}; // the port reports its steps on stdout
  const { Rhubarb } = await load("dist/index.js");
  return async (pcm) => {
    const { mouthCues } = await Rhubarb.getLipSync(pcm, {});
    return mouthCues.map((cue) => [cue.start, cue.end, cue.value]);
  };
}

async function headaudio() {
  const { Processor } = await load("modules/processor.mjs");
  const { Training } = await load("modules/training.mjs");
  const bytes = readFileSync(join(folder, "dist/model-en-mixed.bin"));
  globalThis.fetch = async () => new Response(bytes); // its loader knows addresses only
  const { model } = await new Training().loadModel("model");
  return async (pcm) => {
    const cues = [];
    let shape = 14;
    const hear = (message) => {
      const said = message.event === "ended" ? 14 : message.event === "viseme" ? message.viseme : null;
      if (said === null || said === shape) return;
      cues.push([message.t, message.t, (shape = said)]);
    };
    const processor = new Processor({ sampleRate: 16000 }, { port: { postMessage: hear } });
    processor._onmessage({ data: { event: "model", model, reset: true } });
    const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
    for (let i = 0; i < samples.length; i += 128) {
      processor.process(Float32Array.from(samples.subarray(i, i + 128), (value) => value / 32768));
    }
    return cues.map(([start, , value], i) => [start, cues[i + 1]?.[0] ?? samples.length / 16000, value]);
  };
}

const shapes = await { rhubarb, headaudio }[system]();
for (const file of files) writeSync(1, JSON.stringify(await shapes(readFileSync(file))) + "\n");
