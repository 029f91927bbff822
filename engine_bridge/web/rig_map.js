// Names of shapes and bones matched onto those of a rig. Rules, one after the other, no fuzzy ones: the same name; the same
// letters in any case; `_L` and `_R` written out; all this with the text after the last dot alone (`blendShape1.jawOpen`).

import { PRESETS, presetRows } from "./presets.js";

const SIDES = { _l: "left", _r: "right" };
const lower = (text) => text.toLowerCase();
const writtenOut = (text) => lower(text).replace(/_[lr]$/, (side) => SIDES[side]);
const afterDot = (text) => writtenOut(text.slice(text.lastIndexOf(".") + 1));
const RULES = [(text) => text, lower, writtenOut, afterDot];

/**
 * Return which target each name drives, by name; each drives one at most.
 * @param {string[]} names
 * @param {string[]} targets
 * @returns {Map<string, string>}
 */
export function matchNames(names, targets) {
  const found = new Map();
  for (const rule of RULES) {
    const taken = new Set(found.values()), free = new Map();
    for (const target of targets) if (!taken.has(target) && !free.has(rule(target))) free.set(rule(target), target);
    for (const name of names) {
      const key = rule(name);
      if (found.has(name) || !free.has(key)) continue;
      found.set(name, free.get(key));
      free.delete(key);
    }
  }
  return found;
}

/** Return the preset most of whose targets a rig with these shapes has; arkit where none has any. @param {string[]} shapes */
export function bestPreset(shapes) {
  const fits = PRESETS.map((preset) => matchNames([...new Set(presetRows(preset).map(({ target }) => target))], shapes).size);
  return PRESETS[fits.indexOf(Math.max(...fits))];
}

const BONES = {
  head: ["head", "cc_base_head", "j_bip_c_head", "bip01 head", "bip001 head"],
  neck: ["neck", "neck2", "neck_02", "neck_01", "cc_base_necktwist02", "cc_base_necktwist01", "j_bip_c_neck", "bip01 neck", "bip001 neck"],
  leftEye: ["lefteye", "left_eye", "eye_l", "eye.l", "eyeleft", "cc_base_l_eye", "j_adj_l_faceeye", "facial_l_eye"],
  rightEye: ["righteye", "right_eye", "eye_r", "eye.r", "eyeright", "cc_base_r_eye", "j_adj_r_faceeye", "facial_r_eye"],
};

/**
 * Return the places of head, neck and eyes among the names of nodes, −1 for those that are not there. Case and what stands
 * before a colon (`mixamorig:Head`) do not count.
 * @param {string[]} nodes
 */
export function findBones(nodes) {
  const plain = nodes.map((name) => lower(name.slice(name.lastIndexOf(":") + 1)));
  const place = (known) => known.map((name) => plain.indexOf(name)).find((at) => at >= 0) ?? -1;
  return Object.fromEntries(Object.entries(BONES).map(([bone, known]) => [bone, place(known)]));
}
