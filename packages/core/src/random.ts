import { portableExp, portableLog } from "./portableMath.ts";

/** What a stream of random numbers belongs to; one name, one sequence. */
export interface StreamName {
  readonly stage?: string;
  readonly round?: number;
  readonly attempt?: number;
  readonly device?: number;
  /** Such as `cohort`, `shuffle`, `dropout`. */
  readonly purpose: string;
}

/** A deterministic sequence of random numbers, the same bits in every engine. */
export interface RandomStream {
  /** Integer in [0, 2³²). */
  uint32(): number;
  /** The next integers of `uint32`, one for each place. */
  fill(places: Uint32Array): void;
  /** In [0, 1), 53 bits. */
  uniform(): number;
  /** Integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** Gamma(shape, 1). */
  gamma(shape: number): number;
  /** One draw of Dirichlet(concentrations). */
  dirichlet(concentrations: readonly number[]): number[];
  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** All streams of a run, from its seed. */
export interface Random {
  readonly seed: number;
  stream(name: StreamName): RandomStream;
}

/** The random numbers of a run; `stream` starts its sequence again each time it is called. */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new Error(`seed: needs a whole number, received ${seed}`);
  return {
    seed,
    stream: ({ stage, round, attempt, device, purpose }) =>
      createStream(hash128(JSON.stringify([seed, stage ?? null, round ?? null, attempt ?? null, device ?? null, purpose]))),
  };
}

/** A name's 128-bit hash: cyrb128 (public domain, https://github.com/bryc/code). */
function hash128(text: string): [number, number, number, number] {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ unit, 597399067);
    b = c ^ Math.imul(b ^ unit, 2869860233);
    c = d ^ Math.imul(c ^ unit, 951274213);
    d = a ^ Math.imul(d ^ unit, 2716044179);
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  return [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a];
}

function createStream(state: [number, number, number, number]): RandomStream {
  const { next: uint32, fill } = createSfc32(state);
  const uniform = () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  const integer = (bound: number) => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 4294967296) throw new Error(`integer: bound must be 1 to 2^32, received ${bound}`);
    const limit = 4294967296 - (4294967296 % bound);
    let draw = uint32();
    while (draw >= limit) draw = uint32();
    return draw % bound;
  };
  const normal = createNormal(uniform);
  const logGamma = (shape: number) => drawLogGamma(shape, uniform, normal);
  return {
    uint32,
    fill,
    uniform,
    integer,
    normal,
    gamma: (shape) => portableExp(logGamma(shape)),
    dirichlet: (concentrations) => softmax(concentrations.map(logGamma)),
    shuffle: (items) => shuffled(items, integer),
  };
}

/**
 * Small Fast Counter (PractRand's sfc32): 128 bits of state, 32 out. The state lies in an array of integers: Chromium would box a captured variable
 * of 32 bits at each change, which makes a draw ten times as slow.
 */
function createSfc32(start: readonly [number, number, number, number]): Pick<RandomStream, "fill"> & { next(): number } {
  const state = Int32Array.from(start);
  const one = new Uint32Array(1);
  const fill = (places: Uint32Array) => {
    let [a, b, c, counter] = [state[0], state[1], state[2], state[3]];
    for (let i = 0; i < places.length; i++) {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + sum) | 0;
      places[i] = sum;
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = counter;
  };
  fill(new Uint32Array(15));
  return {
    fill,
    next() {
      fill(one);
      return one[0];
    },
  };
}

/** Standard normals by Marsaglia's polar method, two for each accepted point. */
function createNormal(uniform: () => number): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * portableLog(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  };
}

/** ln of a Gamma(shape, 1) draw (Marsaglia and Tsang 2000): the logarithm, since small shapes underflow. */
function drawLogGamma(shape: number, uniform: () => number, normal: () => number): number {
  if (!(shape > 0) || !Number.isFinite(shape)) throw new Error(`gamma: shape must be positive and finite, received ${shape}`);
  if (shape < 1) return drawLogGamma(shape + 1, uniform, normal) + portableLog(1 - uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const logV = portableLog(v);
    if (portableLog(1 - uniform()) < 0.5 * x * x + d - d * v + d * logV) return portableLog(d) + logV;
  }
}

function softmax(logs: readonly number[]): number[] {
  const largest = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const parts = logs.map((value) => portableExp(value - largest));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], integer: (bound: number) => number): T[] {
  const out = [...items];
  for (let last = out.length - 1; last > 0; last--) {
    const other = integer(last + 1);
    [out[last], out[other]] = [out[other], out[last]];
  }
  return out;
}
