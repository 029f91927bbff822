// Plays the golden runs of the jitter buffer and prints as JSON what differs: node jitter_runs.mjs jitter.json
import fs from "node:fs";
import { JitterBuffer, OUTPUTS } from "../../../engine_bridge/web/index.js";

const TOLERANCE = 1e-5;
const differences = [];

function floats(values, length) {
  const array = new Float32Array(length || values.length);
  array.set(values);
  return array;
}

function frameOf(step) {
  const frame = { ...step };
  for (const { key, length } of OUTPUTS) if (step[key]) frame[key] = floats(step[key], length);
  return frame;
}

function manyFrames({ stream, first_index, n_frames, interval, weights }) {
  return Array.from({ length: n_frames }, (_, k) => {
    const index = first_index + k;
    return { stream, index, sample: index * interval, speech: 0, weights: floats(weights, 52) };
  });
}

function number(value) {
  return { nan: NaN, inf: Infinity, "-inf": -Infinity }[value] ?? value;
}

// What an answer differs in from what is expected, a word each.
function compared(pose, expected) {
  const wrong = [];
  if (pose.state !== expected.state) wrong.push(`state ${pose.state}, expected ${expected.state}`);
  if (!(Math.abs(pose.speech - expected.speech) < TOLERANCE)) wrong.push(`speech ${pose.speech}, expected ${expected.speech}`);
  for (const { key, rests, pose: members } of OUTPUTS) {
    const parts = members.map(({ name }) => pose[name]);
    if (!rests && !expected[key]) {
      if (parts[0]) wrong.push(`${key} where none is expected`);
      continue;
    }
    const found = parts.flatMap((part) => [...part]), wanted = floats(expected[key] ?? [], found.length);
    if (!found.every((value, k) => Math.abs(value - wanted[k]) < TOLERANCE)) wrong.push(key);
  }
  return wrong;
}

const ACTIONS = {
  begin: (buffer, { stream, rate }) => buffer.begin(stream, rate),
  frame: (buffer, step) => buffer.put(frameOf(step)),
  frames: (buffer, step) => manyFrames(step).forEach((frame) => buffer.put(frame)),
  finished: (buffer, step) => buffer.finish(step),
};

let nAsked = 0;
const { runs } = JSON.parse(fs.readFileSync(process.argv[2], "utf-8"));
for (const { name, steps } of runs) {
  const buffer = new JitterBuffer();
  steps.forEach((step, place) => {
    const note = (wrong) => wrong.forEach((text) => differences.push(`${name}, step ${place}: ${text}`));
    if (step.ask) {
      nAsked += 1;
      note(compared(buffer.ask(number(step.ask.position), number(step.ask.dt)), step.expect));
    } else if (step.counts) {
      for (const [key, count] of Object.entries(step.counts)) if (buffer.counts[key] !== count) note([`${key} ${buffer.counts[key]}`]);
    } else {
      const [[kind, value]] = Object.entries(step);
      ACTIONS[kind](buffer, value);
    }
  });
}
console.log(JSON.stringify({ nRuns: runs.length, nAsked, differences }));
