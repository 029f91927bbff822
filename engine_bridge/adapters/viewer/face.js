// A face drawn from 52 weights, head and eyes: for characters without a picture.
//
// Points are three-dimensional (x to the right of the picture, y up, z towards the viewer; the head is about 2 high),
// turned with the head and projected. Left and right in the names of weights are the character's own.

const SKIN = "#8f8378", SHADE = "#6f655d", LIGHT = "#a89b8f", LINE = "#3a342f", LIPS = "#94625a", LIP_SHADE = "#7c4e48";
const WIDTH = 0.77, DEPTH = 0.85; // half the head's
const HEAD = [[0, 1.08], [0.44, 1.0], [0.71, 0.7], [0.77, 0.28], [0.73, -0.15], [0.62, -0.56], [0.38, -0.9], [0, -1.03]];

export class DrawnFace {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
  }

  draw({ weights = {}, head, eyes }) {
    this.weight = (name) => weights[name] ?? 0;
    this.head = head ?? { yaw: 0, pitch: 0, roll: 0 };
    this.eyes = eyes;
    const { pen, canvas } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = "#101112";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const scale = canvas.height / 2.75;
    pen.setTransform(scale, 0, 0, -scale, canvas.width / 2, canvas.height * 0.49);
    pen.lineCap = pen.lineJoin = "round";
    this.body();
    pen.save();
    this.skull();
    pen.clip(); // what is turned away is behind the outline
    for (const side of [-1, 1]) { this.eye(side); this.brow(side); }
    this.mouth();
    pen.restore();
    this.nose();
  }

  // The weight of a name with its side; side −1 is the left of the picture, the character's right.
  of(name, side) { return this.weight(name + (side < 0 ? "Right" : "Left")); }

  place([x, y, z = surface(x, y)]) {
    const { yaw, pitch, roll } = this.head;
    const [cy, sy, cp, sp, cr, sr] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch), Math.cos(roll), Math.sin(roll)];
    const [x1, z1] = [x * cy + z * sy, z * cy - x * sy];
    const [y2, z2] = [y * cp - z1 * sp, z1 * cp + y * sp];
    const near = 1 / (1 - 0.12 * z2);
    return [(x1 * cr - y2 * sr) * near, (x1 * sr + y2 * cr) * near];
  }

  // A smooth line through points (Catmull-Rom).
  path(points, closed = false) {
    const { pen } = this, at = points.map((point) => this.place(point)), n = at.length;
    const pick = (k) => (closed ? at[(k + n) % n] : at[Math.max(0, Math.min(n - 1, k))]);
    pen.beginPath();
    pen.moveTo(...at[0]);
    for (let k = 0; k < (closed ? n : n - 1); k += 1) {
      const [a, b, c, d] = [pick(k - 1), pick(k), pick(k + 1), pick(k + 2)];
      pen.bezierCurveTo(b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6, c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6, ...c);
    }
    if (closed) pen.closePath();
  }

  fill(points, colour) { this.path(points, true); this.pen.fillStyle = colour; this.pen.fill(); }

  stroke(points, colour, width) {
    this.path(points);
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = width;
    this.pen.stroke();
  }

  body() {
    const { pen } = this;
    pen.fillStyle = SHADE;
    pen.beginPath();
    pen.moveTo(-0.42, -0.6);
    pen.quadraticCurveTo(-0.38, -1.25, -1.35, -1.6);
    pen.lineTo(1.35, -1.6);
    pen.quadraticCurveTo(0.38, -1.25, 0.42, -0.6);
    pen.fill();
  }

  skull() {
    const open = this.weight("jawOpen"), aside = 0.1 * (this.weight("jawLeft") - this.weight("jawRight"));
    const { yaw } = this.head, wider = Math.hypot(1, (DEPTH / WIDTH) * Math.tan(yaw)); // the outline of a turned ellipsoid
    const lowered = ([x, y]) => [wider * x + (y < -0.3 ? aside : 0), y - 0.2 * open * Math.max(0, Math.min(1, (-0.25 - y) / 0.7)), 0];
    const right = HEAD.map(lowered), left = HEAD.slice(1, -1).reverse().map(([x, y]) => lowered([-x, y]));
    for (const side of [-1, 1]) this.fill([[side * 0.74, 0.28, -0.15], [side * 0.87, 0.31, -0.2], [side * 0.85, 0.02, -0.2], [side * 0.74, -0.12, -0.15]], SHADE);
    const light = this.pen.createRadialGradient(-0.25, 0.5, 0.1, 0, 0, 1.35);
    light.addColorStop(0, LIGHT);
    light.addColorStop(0.6, SKIN);
    light.addColorStop(1, SHADE);
    this.fill([...right, ...left], light);
  }

  eye(side) {
    const x = side * 0.33, y = 0.2, half = 0.165;
    const blink = this.of("eyeBlink", side), wide = this.of("eyeWide", side), squint = this.of("eyeSquint", side);
    const upper = (0.075 + 0.035 * wide) * (1 - blink) - 0.035 * blink, lower = 0.048 * (1 - 0.5 * squint) * (1 - 0.35 * blink);
    const lid = [[x - half, y], [x - half / 2, y + upper * 0.85], [x, y + upper], [x + half / 2, y + upper * 0.85], [x + half, y]];
    const under = [[x + half / 2, y - lower * 0.85], [x, y - lower], [x - half / 2, y - lower * 0.85]];
    this.fill([[x - half * 1.2, y - 0.01], [x, y + 0.17], [x + half * 1.2, y - 0.01], [x, y - 0.11]], "rgb(90 80 72 / 45%)");
    const { pen } = this;
    pen.save();
    this.path([...lid, ...under], true);
    pen.clip();
    pen.fillStyle = "#dcd8d2";
    pen.fillRect(-2, -2, 4, 4);
    this.iris(side, x, y);
    pen.restore();
    this.stroke(lid, LINE, 0.022);
    this.stroke([lid.at(-1), ...under, lid[0]], "rgb(58 52 47 / 60%)", 0.01);
    this.stroke(lid.map(([a, b]) => [a, b + 0.045 + 0.02 * wide - 0.02 * blink]), "rgb(58 52 47 / 35%)", 0.01);
  }

  iris(side, x, y) {
    const { pen } = this, [yaw, pitch] = this.gaze(side);
    const [cx, cy] = this.place([x + 0.19 * Math.sin(yaw), y + 0.012 - 0.17 * Math.sin(pitch)]);
    const disc = (radius, colour, dx = 0, dy = 0) => {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(cx + dx, cy + dy, radius, 0, 2 * Math.PI);
      pen.fill();
    };
    disc(0.078, "#35434a");
    disc(0.066, "#566b73");
    disc(0.033, "#14161a");
    disc(0.012, "#ffffff", -0.024, 0.026);
  }

  // Yaw to the right of the picture, pitch down, radians.
  gaze(side) {
    const eye = this.eyes?.[side < 0 ? "right" : "left"];
    if (eye) return [eye.yaw, eye.pitch];
    const inward = this.of("eyeLookIn", side) - this.of("eyeLookOut", side);
    return [-side * 0.6 * inward, 0.5 * (this.of("eyeLookDown", side) - this.of("eyeLookUp", side))];
  }

  brow(side) {
    const inner = 0.1 * this.weight("browInnerUp") - 0.09 * this.of("browDown", side);
    const outer = 0.1 * this.of("browOuterUp", side) - 0.05 * this.of("browDown", side);
    const pinch = 0.03 * this.of("browDown", side);
    this.stroke([[side * (0.16 - pinch), 0.42 + inner], [side * 0.28, 0.455 + 0.6 * inner + 0.3 * outer],
      [side * 0.43, 0.455 + 0.15 * inner + 0.85 * outer], [side * 0.55, 0.395 + outer * 0.8]], "#4a4039", 0.046);
  }

  nose() {
    const sneer = 0.5 * (this.weight("noseSneerLeft") + this.weight("noseSneerRight")), up = 0.035 * sneer;
    this.stroke([[-0.075, 0.3, 0.82], [-0.065, 0.1, 0.92], [-0.1, -0.09, 0.97]], "rgb(58 52 47 / 28%)", 0.02);
    this.fill([[-0.13, -0.15 + up, 0.9], [-0.07, -0.1 + up, 1.04], [0.07, -0.1 + up, 1.04], [0.13, -0.15 + up, 0.9], [0, -0.2 + up, 0.99]], "rgb(111 101 93 / 55%)");
    for (const side of [-1, 1]) {
      this.stroke([[side * 0.145, -0.08 + up, 0.85], [side * 0.16, -0.15 + up, 0.85], [side * 0.11, -0.19 + up, 0.92]], "rgb(58 52 47 / 60%)", 0.016);
      this.stroke([[side * 0.1, -0.175 + up, 0.95], [side * 0.05, -0.185 + up, 0.97]], LINE, 0.022);
      if (sneer > 0.05) this.stroke([[side * 0.2, -0.08 + up, 0.8], [side * 0.3, -0.3]], `rgb(58 52 47 / ${60 * sneer}%)`, 0.014);
    }
  }

  mouth() {
    const m = this.mouthShape(), { pen } = this;
    const middle = (a, b) => a.map((value, k) => (value + b[k]) / 2);
    const upperIn = [m.right, [m.x - m.w * 0.45, m.upper * 0.9 + m.cornerY * 0.1], [m.x, m.upper], [m.x + m.w * 0.45, m.upper * 0.9 + m.cornerY * 0.1], m.left];
    const lowerIn = [m.left, [m.x + m.w * 0.5, m.lower * 0.9 + m.cornerY * 0.1], [m.x, m.lower], [m.x - m.w * 0.5, m.lower * 0.9 + m.cornerY * 0.1], m.right];
    pen.save();
    this.path([...upperIn, ...lowerIn.slice(1, -1)], true);
    pen.fillStyle = "#2a1513";
    pen.fill();
    pen.clip();
    const teeth = m.upper - 0.045;
    this.fill([[m.x - 0.19, teeth + 0.15], [m.x + 0.19, teeth + 0.15], [m.x + 0.16, teeth + 0.01], [m.x, teeth], [m.x - 0.16, teeth + 0.01]], "#ddd8cf");
    this.fill([[m.x - 0.15, m.lower - 0.02], [m.x, m.lower + 0.06 + 0.05 * this.weight("tongueOut")], [m.x + 0.15, m.lower - 0.02], [m.x, m.lower - 0.1]], "#9c5f58");
    pen.restore();
    const { thick, push } = m, bow = [0, push, push * 0.8, push, 0];
    const upperOut = upperIn.map(([x, y], k) => [x, y + thick * [0, 0.85, 0.75, 0.85, 0][k] + bow[k]]);
    const lowerOut = lowerIn.map(([x, y], k) => [x, y - thick * [0, 1.0, 1.25, 1.0, 0][k] - bow[k]]);
    this.fill([...upperIn, ...upperOut.slice(1, -1).reverse()], LIP_SHADE);
    this.fill([...lowerIn, ...lowerOut.slice(1, -1).reverse()], LIPS);
    this.stroke(upperIn, "rgb(42 21 19 / 80%)", 0.012);
    const chin = lowerOut[2];
    this.stroke([[m.x - 0.12, chin[1] - 0.07], middle([m.x, chin[1] - 0.085], [m.x, chin[1] - 0.085]), [m.x + 0.12, chin[1] - 0.07]], "rgb(58 52 47 / 22%)", 0.02);
    this.folds(m);
  }

  mouthShape() {
    const w = this.weight, both = (name) => 0.5 * (w(`${name}Left`) + w(`${name}Right`));
    const narrow = 0.11 * w("mouthPucker") + 0.07 * w("mouthFunnel"), wide = 0.05 * both("mouthSmile") + 0.06 * both("mouthStretch");
    const half = Math.max(0.1, 0.27 - narrow + wide), x = 0.07 * (w("mouthLeft") - w("mouthRight") + w("jawLeft") - w("jawRight"));
    const drop = 0.34 * w("jawOpen"), shut = Math.min(1, w("mouthClose") / Math.max(0.02, w("jawOpen")));
    const line = -0.52 - 0.06 * w("jawOpen") - drop * 0.35 * shut;
    const upper = line + 0.07 * both("mouthUpperUp") + 0.03 * w("mouthFunnel") - 0.02 * w("mouthRollUpper") - 0.015 * w("mouthShrugUpper");
    const lower = Math.min(upper, line - drop * (1 - shut) - 0.07 * both("mouthLowerDown") - 0.02 * w("mouthFunnel") + 0.035 * w("mouthShrugLower"));
    const corner = (side) => line - drop * (1 - shut) * 0.35 + 0.1 * this.of("mouthSmile", side) - 0.08 * this.of("mouthFrown", side);
    const roll = 0.5 * (w("mouthRollUpper") + w("mouthRollLower")) + 0.4 * both("mouthPress");
    return {
      x, w: half, upper, lower, cornerY: (corner(-1) + corner(1)) / 2,
      right: [x - half, corner(-1)], left: [x + half, corner(1)],
      thick: 0.075 * (1 - 0.65 * Math.min(1, roll)) * (1 + 0.35 * w("mouthPucker")), push: 0.03 * w("mouthFunnel"),
    };
  }

  folds({ left, right }) {
    for (const [side, corner] of [[-1, right], [1, left]]) {
      const smile = this.of("mouthSmile", side) + 0.6 * this.of("cheekSquint", side);
      const strength = Math.min(1, 0.2 + 0.7 * smile);
      this.stroke([[side * 0.2, -0.16], [side * 0.33, -0.33 + 0.03 * smile], [corner[0] + side * 0.08, corner[1] - 0.02]], `rgb(58 52 47 / ${45 * strength}%)`, 0.016);
    }
  }
}

// Height of the face above the plane of its outline.
function surface(x, y) {
  return DEPTH * Math.sqrt(Math.max(0, 1 - (x / WIDTH) ** 2 - (y / 1.35) ** 2));
}
