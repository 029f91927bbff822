// One character on the page: its picture, or a drawn face.

import { DrawnFace } from "./face.js";
import { named } from "./web/pose.js";

const SIDE = 720; // of the drawn face, pixels
const FADE_MS = 160; // from the last picture of a line to those of the next: the head stands elsewhere

export class Character {
  constructor(name, parent) {
    this.name = name;
    this.section = element("section", parent, "face");
    this.canvas = element("canvas", this.section);
    element("h2", this.section).textContent = name;
    this.time = element("span", this.section, "time");
    this.shown = null; // what is on the page, by names
    this.hasPicture = false;
  }

  // Another line follows.
  clear() {
    if (this.hasPicture) this.fadeFrom(this.canvas);
  }

  fadeFrom({ width, height }) {
    this.before = Object.assign(document.createElement("canvas"), { width, height });
    this.before.getContext("2d").drawImage(this.canvas, 0, 0);
    this.fadeBegan = null;
  }

  // Draw what a track shows.
  draw({ pose, picture, seconds }) {
    if (pose !== this.pose && pose.state !== "waiting") this.drawPose(pose, seconds);
    if (picture && (picture !== this.picture || this.before)) this.drawPicture(picture);
  }

  drawPose(pose, seconds) {
    this.pose = pose;
    this.shown = { ...named(pose), seconds };
    if (Number.isFinite(seconds)) this.time.textContent = `${seconds.toFixed(2)} s`;
    if (this.hasPicture) return;
    if (!this.drawn) {
      this.canvas.width = this.canvas.height = SIDE;
      this.drawn = new DrawnFace(this.canvas);
    }
    this.drawn.draw(this.shown);
  }

  drawPicture(picture) {
    const { canvas } = this, { bitmap } = picture;
    this.picture = picture;
    this.hasPicture = true;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = 1;
    pen.drawImage(bitmap, 0, 0);
    this.drawFade(pen);
  }

  drawFade(pen) {
    if (!this.before) return;
    this.fadeBegan ??= performance.now();
    pen.globalAlpha = Math.max(0, 1 - (performance.now() - this.fadeBegan) / FADE_MS);
    if (pen.globalAlpha > 0) pen.drawImage(this.before, 0, 0);
    else this.before = null;
  }
}

export function element(tag, parent, className = "") {
  const made = document.createElement(tag);
  made.className = className;
  return parent.appendChild(made);
}
