// The numbers of one character: its weights as bars, by region, and the angles of head and eyes.

import { element } from "./character.js";

const ANGLES = "Head and eyes";
const REGIONS = [
  [ANGLES, /^$/],
  ["Jaw and mouth", /^(jaw|mouth|tongue)/],
  ["Eyes", /^eye/],
  ["Brows, cheeks, nose", /^(brow|cheek|nose)/],
  ["Others", /./],
];
const LEAST_CHANGE = 0.002;

export class Panels {
  constructor(parent) {
    this.parent = parent;
    this.regions = new Map();
    this.bars = new Map();
    for (const [title] of REGIONS) this.addRegion(title);
  }

  draw(frame) {
    if (frame.head || frame.eyes) this.drawAngles(frame);
    for (const [name, value] of Object.entries(frame.weights ?? {})) this.drawBar(name, value);
  }

  drawBar(name, value) {
    const bar = this.bars.get(name) ?? this.addBar(name);
    if (Math.abs(value - bar.value) < LEAST_CHANGE) return;
    bar.value = value;
    bar.fill.style.transform = `scaleX(${value})`;
    bar.number.textContent = value.toFixed(2);
  }

  addBar(name) {
    const [title] = REGIONS.find(([, pattern]) => pattern.test(name));
    const row = element("div", this.region(title), "bar");
    row.title = name;
    element("span", row).textContent = name;
    const bar = { fill: element("b", element("i", row)), number: element("output", row), value: -1 };
    this.bars.set(name, bar);
    return bar;
  }

  addRegion(title) {
    const panel = element("div", this.parent, "panel");
    element("h2", panel).textContent = title;
    panel.hidden = true;
    this.regions.set(title, panel);
  }

  region(title) {
    const panel = this.regions.get(title);
    panel.hidden = false;
    return panel;
  }

  drawAngles({ head, eyes }) {
    this.angles ??= element("div", this.region(ANGLES), "angles");
    const rows = [["", "yaw", "pitch", "roll"]];
    if (head) rows.push(["head", ...[head.yaw, head.pitch, head.roll].map(degrees)]);
    if (eyes) rows.push(["left", degrees(eyes.left.yaw), degrees(eyes.left.pitch), ""], ["right", degrees(eyes.right.yaw), degrees(eyes.right.pitch), ""]);
    const cells = rows.flat();
    while (this.angles.children.length < cells.length) element(this.angles.children.length % 4 ? "span" : "em", this.angles);
    cells.forEach((text, k) => { if (this.angles.children[k].textContent !== text) this.angles.children[k].textContent = text; });
  }
}

const degrees = (radians) => `${(radians * 180 / Math.PI).toFixed(1)}°`.replace("-", "−");
