// Types of the public names of index.js. Meanings, ranges and errors stand in the modules.

export type State = "waiting" | "playing" | "holding" | "releasing" | "resting";

/** A face at one instant. Arrays are not written to; the order of weights is that of ARKIT_NAMES; angles are radians. */
export interface Pose {
  blendshapes: Float32Array;
  headRotationRad: Float32Array;
  headTranslation: Float32Array;
  eyeRotationRad: Float32Array;
  landmarks: Float32Array | null;
  keypoints: Float32Array | null;
  speech: number;
  state: State;
}

export interface Frame {
  stream: number;
  index: number;
  sample: number;
  speech: number;
  weights?: Float32Array;
  head?: Float32Array;
  eyes?: Float32Array;
  landmarks?: Float32Array;
  keypoints?: Float32Array;
}

export interface Angles { yaw: number; pitch: number }
export interface NamedPose {
  weights: Record<string, number>;
  head: Angles & { roll: number; x: number; y: number; z: number };
  eyes: { left: Angles; right: Angles };
  speech: number;
  state: State;
}
export interface Quaternion { x: number; y: number; z: number; w: number }

export const ARKIT_NAMES: readonly string[];
export interface Output {
  key: string;
  length: number;
  group: number;
  rests: boolean;
  pose: readonly { name: string; length: number; first: number }[];
}
export const OUTPUTS: readonly Output[];

/** Bytes that are no message, clip or rig of ours. */
export class FormatError extends Error {}

export class Clip {
  constructor(name: string, framesPerSecond: number, frames: Frame[]);
  readonly name: string;
  readonly framesPerSecond: number;
  readonly frames: Frame[];
  get seconds(): number;
  sample(seconds: number): Pose;
}
export function readClip(data: ArrayBuffer | Uint8Array): Clip;
export function loadClip(url: string | URL): Promise<Clip>;
export function loadSound(url: string | URL): Promise<AudioBuffer>;

/** The distance between the face that is drawn and the sound that is heard, milliseconds. */
export interface Sync {
  readonly offsets: number[];
  readonly median: number;
  readonly worst: number;
  quantile(share: number): number;
  readonly text: string;
}

export class ClipPlayer {
  constructor(clip: Clip, sound?: AudioBuffer | null);
  static load(clipUrl: string | URL, soundUrl?: string | URL): Promise<ClipPlayer>;
  readonly clip: Clip;
  readonly sound: AudioBuffer | null;
  readonly sync: Sync;
  readonly seconds: number;
  readonly pose: Pose;
  readonly state: "stopped" | "playing" | "paused" | "stopping";
  loop: boolean;
  onended: () => void;
  get isPlaying(): boolean;
  play(from?: number): Promise<void>;
  pause(): void;
  resume(): Promise<void>;
  stop(): void;
  update(moment?: number): Pose;
}

export interface Track { readonly pose: Pose; readonly seconds: number; readonly picture: { seconds: number; bitmap: ImageBitmap } | null }
export interface LiveEvents {
  connected?(isPlayer: boolean): void;
  disconnected?(sentence: string): void;
  hello?(greeting: { name: string; uploads: boolean; max_bytes: number; camera: boolean }): void;
  character?(name: string, track: Track): void;
  line?(line: { line: number; title: string; rate: number; audible: boolean } | null): void;
  sound?(seconds: number, samples: Float32Array, rate: number): void;
  frame?(message: object): void;
  picture?(name: string): void;
  note?(sentence: string): void;
}
export class LivePlayer {
  constructor(url: string, events?: LiveEvents, wantsPictures?: boolean);
  readonly tracks: Map<string, Track>;
  readonly sync: Sync;
  readonly heard: number | null;
  get pose(): Pose;
  get isUnlocked(): boolean;
  start(): Promise<void>;
  update(moment?: number): Pose;
  replay(): void;
  toggleCamera(): void;
  stop(): void;
  speakFile(file: File): Promise<void>;
  toggleMicrophone(): Promise<void>;
  close(): void;
}

/** Frames of one stream, waiting for their time: PROTOCOL.md, section 9. */
export class JitterBuffer {
  readonly counts: { taken: number; replaced: number; late: number; foreign: number; refused: number };
  readonly rate: number;
  readonly shown: Pose;
  get length(): number;
  get newest(): number;
  begin(stream: number | null, rate: number): void;
  put(frame: Frame): void;
  finish(end: { stream: number; sample: number }): void;
  ask(position: number, dt: number): Pose;
}

export interface RigRow { source: string; target: string; gain: number; min: number; max: number }
export interface RigOptions {
  preset?: string;
  rows?: RigRow[];
  neckShare?: number;
  headStrength?: number;
  eyeStrength?: number;
}
export interface RigReport { preset: string; driven: string[]; missing: string[]; undriven: string[]; bones: string[] }
export class FaceRig {
  constructor(root: object, options?: RigOptions);
  neckShare: number;
  headStrength: number;
  eyeStrength: number;
  readonly preset: string;
  readonly values: Map<string, number>;
  get report(): RigReport;
  apply(pose: Pose): void;
}
export const PRESETS: readonly string[];
export function presetRows(preset: string): RigRow[];
export function bestPreset(shapes: string[]): string;
export function matchNames(names: readonly string[], targets: readonly string[]): Map<string, string>;
export function findBones(nodes: readonly string[]): { head: number; neck: number; leftEye: number; rightEye: number };

export function rest(last?: Pose | null, state?: State): Pose;
export function poseOf(frame: Frame, state: State): Pose;
export function between(a: Pose, b: Pose, x: number): Pose;
export function weightOf(pose: Pose, name: string): number;
export function named(pose: Pose): NamedPose;
export function frameOf(message: object, rate: number): Frame;
export function rotation(yaw: number, pitch: number, roll?: number): Quaternion;
export function decodeFrame(bytes: Uint8Array): Frame & { session: number; seq: number };
