import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tutti/core";
import { type PackedTensor, packedSizes, sectionsOf } from "../backbone/pack.ts";
import { hasFused, runFused } from "./fusedKernels.ts";

/** A frozen matrix W (out, in) that stays packed on the GPU; one copy serves the product and its gradient. Owns its tensors. */
export interface PackedLinear {
  readonly layout: "packed";
  /** The packed bytes as they lie in the shard, four to a word. */
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
  };
}

export interface PackedLinearOptions {
  /** The first rows of W and of the bias are multiplied by a factor; the bias that is handed in has it already. */
  readonly scaledRows?: { readonly count: number; readonly factor: number };
}

/** Whether the current backend multiplies by packed matrices. */
export function hasPackedProducts(): boolean {
  return hasFused("TuttiPackedLinear");
}

/** Uploads a packed matrix as it is. */
export function createPackedLinear(
  weight: PackedTensor,
  bias: Tensor | null,
  { scaledRows = { count: 0, factor: 1 } }: PackedLinearOptions = {},
): PackedLinear {
  const [numOut, numIn] = weight.shape;
  return {
    layout: "packed",
    words: tf.tensor1d(wordsOf(weight.bytes), "int32"),
    bias: bias === null ? null : tf.tensor1d(bias.data),
    form: {
      encoding: weight.encoding,
      groupSize: weight.groupSize,
      numIn,
      numOut,
      scaleStart: packedSizes(weight.shape, weight).scaleOffset / 4,
      numScaledRows: scaledRows.count,
      rowScale: scaledRows.factor,
    },
  };
}

/** x (rows, in) → x · Wᵀ + b (rows, out). */
export function packedLinear(x: tf.Tensor2D, { words, bias, form }: PackedLinear): tf.Tensor2D {
  const inputs = bias === null ? { x, words } : { x, words, bias };
  return runFused("TuttiPackedLinear", inputs, { ...form, isGradient: false })[0] as tf.Tensor2D;
}

/** dY (rows, out) → dY · W (rows, in). */
export function packedLinearGradient(dy: tf.Tensor2D, { words, form }: PackedLinear): tf.Tensor2D {
  return runFused("TuttiPackedLinear", { x: dy, words }, { ...form, isGradient: true })[0] as tf.Tensor2D;
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

/** The bytes as words: a view where they are whole words already, otherwise a copy. */
function wordsOf(bytes: Uint8Array): Int32Array {
  if (bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}
