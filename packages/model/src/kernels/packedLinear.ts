import * as tf from "@tensorflow/tfjs-core";
import type { Movement, Tensor } from "@tutti/core";
import { type PackedTensor, packedSizes, sectionsOf } from "@tutti/core";
import { hasFused, runFused } from "./fusedKernels.ts";
import { arrangeWords } from "./webgpu/packedWords.ts";

/** A frozen matrix W (out, in) that stays packed on the GPU; one copy serves the product and its gradient. Owns its tensors. */
export interface PackedLinear {
  readonly layout: "packed";
  /** The packed values and scales, as `arrangeWords` lays them out. */
  readonly words: tf.Tensor1D;
  readonly bias: tf.Tensor1D | null;
  readonly form: {
    readonly encoding: PackedTensor["encoding"];
    readonly groupSize: number;
    readonly numIn: number;
    readonly numOut: number;
    readonly scaleStart: number;
    readonly numScaledRows: number;
    readonly rowScale: number;
    /** Where the matrix begins in `words`, which others may share; 0 by default. */
    readonly firstWord?: number;
    /** Where the bias begins in `bias`; 0 by default. */
    readonly firstBias?: number;
  };
  /** What a product adds to W's values while it reads them; a gradient does without. */
  readonly moved?: MovedWeights;
}

/** A difference Δ and a perturbation of it: W + (Δ + amount · z), which nobody stores. */
export interface MovedWeights extends Movement {
  /** Of all tuned values, in the order in which the seed's signs number them. */
  readonly delta: tf.Tensor1D;
  /** Where W's parts, one above the other, begin in it, up to three; two where their rows stand in turn. */
  readonly starts: readonly number[];
  /** Rows of each part. */
  readonly heights: readonly number[];
  readonly isInterleaved: boolean;
}

interface PackedLinearOptions {
  /** The first rows of W and of the bias are multiplied by a factor; the bias that is handed in has it already. */
  readonly scaledRows?: { readonly count: number; readonly factor: number };
}

/** Whether the current backend multiplies by packed matrices. */
export function hasPackedProducts(): boolean {
  return hasFused("TuttiPackedLinear");
}

/** Uploads a packed matrix. */
export function createPackedLinear(
  weight: PackedTensor,
  bias: Tensor | null,
  { scaledRows = { count: 0, factor: 1 } }: PackedLinearOptions = {},
): PackedLinear {
  const [numOut, numIn] = weight.shape;
  const { words, scaleStart } = arrangeWords(weight);
  return {
    layout: "packed",
    words: tf.tensor1d(words, "int32"),
    bias: bias === null ? null : tf.tensor1d(bias.data),
    form: {
      encoding: weight.encoding,
      groupSize: weight.groupSize,
      numIn,
      numOut,
      scaleStart,
      numScaledRows: scaledRows.count,
      rowScale: scaledRows.factor,
    },
  };
}

/** What happens to y = x · Wᵀ + b before it is written. */
export type Epilogue = "none" | "gelu" | "geluTanh" | "silu" | "swiglu";

/** What happens to d = dY · W before it is written. */
export type GradientEpilogue = "none" | "activation" | "swiglu";

/** How one product x · Wᵀ + b is computed, and what is done to its result in the same kernel. */
export interface PackedLinearCall {
  /** How many rows of x take part; all by default. */
  readonly numRows?: number;
  /** Added to the product; (numRows, out). */
  readonly residual?: tf.Tensor2D | null;
  readonly epilogue?: Epilogue;
  /** The result is followed by what `packedLinearGradient` needs to go back through the epilogue. */
  readonly hasTail?: boolean;
  /** Of a training step: the program does not depend on the number of rows, so that a smaller batch compiles nothing. */
  readonly isTraining?: boolean;
}

/** How one gradient dY · W is computed, and what is done to it in the same kernel. */
interface PackedGradientCall {
  /** How many rows of dY take part; all by default. */
  readonly numRows?: number;
  /** Added to the gradient; (numRows, in). */
  readonly residual?: tf.Tensor2D | null;
  /** The result with its tail of the map that made this map's input; what an epilogue other than `none` multiplies by. */
  readonly kept?: tf.Tensor2D | null;
  readonly epilogue?: GradientEpilogue;
}

/**
 * x (at least numRows, in) → epilogue(x · Wᵀ + b + residual): (numRows, out), with a tail (2 · numRows, out): the values, then the derivatives.
 * `swiglu` reads pairs of gate and up (see `interleavePacked`): (numRows, out / 2), with a tail (3 · numRows, out / 2).
 */
export function packedLinear(
  x: tf.Tensor2D,
  { words, bias, form, moved }: PackedLinear,
  { numRows = x.shape[0], residual = null, epilogue = "none", hasTail = false, isTraining = hasTail }: PackedLinearCall = {},
): tf.Tensor2D {
  const inputs = present({ x, words, bias, residual, delta: moved?.delta ?? null });
  const attributes = { ...form, numRows, epilogue, hasTail, isTraining, ...(moved === undefined ? {} : { movement: movementOf(moved) }) };
  return runFused("TuttiPackedLinear", inputs, attributes)[0] as tf.Tensor2D;
}

/** As the kernel reads it: whether rows stand in turn, the first rows of the second and third part, where the parts begin, the seed, and the amount. */
function movementOf({ seed, amount, starts, heights, isInterleaved }: MovedWeights): number[] {
  const second = heights[0];
  return [Number(isInterleaved), second, second + (heights[1] ?? 0), starts[0], starts[1] ?? 0, starts[2] ?? 0, seed, Math.fround(amount)];
}

/** dY (at least numRows, out) → dY · W times the derivatives in `kept`, plus the residual: (numRows, in), for `swiglu` (numRows, 2 · in). */
export function packedLinearGradient(
  dy: tf.Tensor2D,
  { words, form }: PackedLinear,
  { numRows = dy.shape[0], residual = null, kept = null, epilogue = "none" }: PackedGradientCall = {},
): tf.Tensor2D {
  const inputs = present({ dy, words, kept, residual });
  return runFused("TuttiPackedLinearGradient", inputs, { ...form, numRows, epilogue, isTraining: true })[0] as tf.Tensor2D;
}

function present(tensors: Readonly<Record<string, tf.Tensor | null>>): tf.NamedTensorMap {
  return Object.fromEntries(Object.entries(tensors).filter((entry): entry is [string, tf.Tensor] => entry[1] !== null));
}

/** Matrices with the same input one above the other; null when they are packed in different ways. */
export function stackPacked(parts: readonly PackedTensor[]): PackedTensor | null {
  const { encoding, groupSize, shape } = parts[0];
  const numIn = shape[1];
  if (parts.some((part) => part.encoding !== encoding || part.groupSize !== groupSize || part.shape[1] !== numIn)) return null;
  const stacked = [parts.reduce((sum, part) => sum + part.shape[0], 0), numIn];
  const { scaleOffset, numBytes } = packedSizes(stacked, { encoding, groupSize });
  const bytes = new Uint8Array(4 * Math.ceil(numBytes / 4)).subarray(0, numBytes);
  const at = { values: 0, scales: scaleOffset };
  for (const { values, scales } of parts.map(sectionsOf)) {
    bytes.set(values, at.values);
    if (scales.length > 0) bytes.set(scales, at.scales);
    at.values += values.length;
    at.scales += scales.length;
  }
  return { encoding, groupSize, shape: stacked, bytes };
}

/** Two matrices row by row in turn: row 2j is row j of `gate`, row 2j + 1 row j of `up`; null when they are packed in different ways. */
export function interleavePacked(gate: PackedTensor, up: PackedTensor): PackedTensor | null {
  const { encoding, groupSize, shape } = gate;
  const [numRows, numIn] = shape;
  if (up.encoding !== encoding || up.groupSize !== groupSize || up.shape[0] !== numRows || up.shape[1] !== numIn) return null;
  const together = [2 * numRows, numIn];
  const { scaleOffset, numBytes } = packedSizes(together, { encoding, groupSize });
  const bytes = new Uint8Array(4 * Math.ceil(numBytes / 4)).subarray(0, numBytes);
  const [gates, ups] = [sectionsOf(gate), sectionsOf(up)];
  const interleave = (first: Uint8Array, second: Uint8Array, target: Uint8Array) => {
    const length = first.length / numRows;
    for (let row = 0; row < numRows; row++) {
      target.set(first.subarray(row * length, (row + 1) * length), 2 * row * length);
      target.set(second.subarray(row * length, (row + 1) * length), (2 * row + 1) * length);
    }
  };
  interleave(gates.values, ups.values, bytes);
  interleave(gates.scales, ups.scales, bytes.subarray(scaleOffset));
  return { encoding, groupSize, shape: together, bytes };
}
