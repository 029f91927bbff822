// Matches names by the web modules: node rig_names.mjs CASES prints as JSON what each case gives.
import { PRESETS, bestPreset, findBones, matchNames, presetRows } from "../../../engine_bridge/web/index.js";

const { matches, best, bones } = JSON.parse(process.argv[2]);
console.log(JSON.stringify({
  matches: matches.map(([names, targets]) => Object.fromEntries(matchNames(names, targets))),
  best: best.map(bestPreset),
  bones: bones.map(findBones),
  presets: Object.fromEntries(PRESETS.map((preset) => [preset, presetRows(preset)])),
}));
