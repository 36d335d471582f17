import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tutti/core";
import { hasFused, runFused } from "./fusedKernels.ts";
import { type PackedLinear, packedLinear, packedLinearGradient } from "./packedLinear.ts";

/** A frozen linear map y = x · Wᵀ + b. Owns its tensors. */
export type Linear = UnpackedLinear | PackedLinear;

/** A linear map in f32, kept as both its directions need it. */
interface UnpackedLinear {
  readonly layout: "unpacked";
  readonly forward: Factor;
  readonly backward: Factor;
  readonly bias: tf.Tensor1D | null;
  /** Where the bias begins in its tensor, which then holds more; 0 by default. */
  readonly firstBias?: number;
}

/** The right factor of a product: (in, out), or (out, in) to be transposed, or from `first` on in panels of eight columns for our own kernel. */
type Factor =
  | { readonly layout: "plain" | "transposed"; readonly matrix: tf.Tensor2D }
  | { readonly layout: "panels"; readonly matrix: tf.Tensor1D; readonly numOut: number; readonly first?: number };

/** Uploads one linear map from its (out, in) matrix. */
export function createLinear(weight: Tensor, bias: Tensor | null): UnpackedLinear {
  const [numOut, numIn] = weight.shape;
  const turned = () => transposed(weight.data, numOut, numIn);
  const biasTensor = bias === null ? null : tf.tensor1d(bias.data);
  if (numOut % 8 === 0 && numIn % 8 === 0 && hasFused("TuttiLinear")) {
    return { layout: "unpacked", forward: panels(turned(), numIn, numOut), backward: panels(weight.data, numOut, numIn), bias: biasTensor };
  }
  const stored = tf.tensor2d(weight.data, [numOut, numIn]);
  const forward: Factor =
    tf.getBackend() === "wasm" // where a product with a transposed factor is ten times slower
      ? { layout: "plain", matrix: tf.tensor2d(turned(), [numIn, numOut]) }
      : { layout: "transposed", matrix: stored };
  return { layout: "unpacked", forward, backward: { layout: "plain", matrix: stored }, bias: biasTensor };
}

/** What a product reads and adds. */
export interface ProductOptions {
  /** Only the first rows of the left factor are multiplied; what a kernel keeps for its gradient may lie behind them. All by default. */
  readonly numRows?: number;
  /** Added to the product, whose shape it has. */
  readonly residual?: tf.Tensor2D | null;
  /** Of a gradient without a residual through an unpacked map: multiplied with it, number by number. */
  readonly factor?: tf.Tensor2D;
  /** Of a training step; see `PackedLinearCall`. */
  readonly isTraining?: boolean;
}

/** x (rows, in) → x · Wᵀ + b + residual (rows, out). */
export function linear(x: tf.Tensor2D, map: Linear, options: ProductOptions = {}): tf.Tensor2D {
  return map.layout === "packed"
    ? packedLinear(x, map, options)
    : multiply(x, map.forward, { bias: map.bias, firstBias: map.firstBias ?? 0 }, options);
}

/** dY (rows, out) → dX = dY · W + residual (rows, in); the map itself is frozen. */
export function linearGradient(dy: tf.Tensor2D, map: Linear, options: ProductOptions = {}): tf.Tensor2D {
  return map.layout === "packed"
    ? packedLinearGradient(dy, map, options)
    : multiply(dy, map.backward, { bias: null, firstBias: 0 }, options);
}

/** The first rows of a tensor that may have more. */
export function firstRows(x: tf.Tensor2D, numRows: number): tf.Tensor2D {
  return x.shape[0] === numRows ? x : tf.slice2d(x, [0, 0], [numRows, x.shape[1]]);
}

/** The map's tensors, each once. */
export function tensorsOf(map: Linear): tf.Tensor[] {
  const matrices = map.layout === "packed" ? [map.words] : [map.forward.matrix, map.backward.matrix];
  return [...new Set([...matrices, ...(map.bias === null ? [] : [map.bias])])];
}

/** Releases the map's tensors. */
export function disposeLinear(map: Linear): void {
  tf.dispose(tensorsOf(map));
}

/** Stacks maps with the same input by their outputs, the i-th scaled by `scales[i]`. */
export function stackLinears(weights: readonly Tensor[], biases: readonly (Tensor | null)[], scales: readonly number[]): UnpackedLinear {
  const numIn = weights[0].shape[1];
  const heights = weights.map(({ shape }) => shape[0]);
  const numOut = heights.reduce((sum, height) => sum + height, 0);
  const weight = new Float32Array(numOut * numIn);
  let row = 0;
  weights.forEach((part, i) => {
    weight.set(scaled(part.data, scales[i]), row * numIn);
    row += heights[i];
  });
  return createLinear({ shape: [numOut, numIn], data: weight }, stackBiases(biases, heights, scales));
}

/** Biases one after the other, the i-th of length `heights[i]` and scaled by `scales[i]`; an absent one is zero, and null when all are. */
export function stackBiases(biases: readonly (Tensor | null)[], heights: readonly number[], scales: readonly number[]): Tensor | null {
  if (biases.every((part) => part === null)) return null;
  const data = new Float32Array(heights.reduce((sum, height) => sum + height, 0));
  let row = 0;
  biases.forEach((part, i) => {
    if (part !== null) data.set(scaled(part.data, scales[i]), row);
    row += heights[i];
  });
  return { shape: [data.length], data };
}

/** What is added to every row. */
interface Added {
  readonly bias: tf.Tensor1D | null;
  readonly firstBias: number;
}

function multiply(left: tf.Tensor2D, right: Factor, { bias, firstBias }: Added, options: ProductOptions): tf.Tensor2D {
  const { numRows = left.shape[0], residual = null, factor } = options;
  const x = firstRows(left, numRows);
  if (right.layout === "panels") {
    const inputs: tf.NamedTensorMap = { x, panels: right.matrix };
    if (bias !== null) inputs.bias = bias;
    if (residual !== null) inputs.residual = residual;
    if (factor !== undefined) inputs.factor = factor;
    return runFused("TuttiLinear", inputs, { numOut: right.numOut, first: right.first ?? 0, firstBias })[0] as tf.Tensor2D;
  }
  const product: tf.Tensor2D = tf.matMul(x, right.matrix, false, right.layout === "transposed");
  const y = bias === null ? product : tf.add<tf.Tensor2D>(product, bias);
  const sum = residual === null ? y : tf.add<tf.Tensor2D>(residual, y);
  return factor === undefined ? sum : tf.mul(sum, factor);
}

/** (inner, out) → eight columns at a time: (out / 8, inner, 8). */
function panels(values: Float32Array, numInner: number, numOut: number): Factor {
  const result = new Float32Array(values.length);
  let at = 0;
  for (let first = 0; first < numOut; first += 8) {
    for (let inner = 0; inner < numInner; inner++, at += 8)
      result.set(values.subarray(inner * numOut + first, inner * numOut + first + 8), at);
  }
  return { layout: "panels", matrix: tf.tensor1d(result), numOut };
}

function scaled(values: Float32Array, scale: number): Float32Array {
  return scale === 1 ? values : values.map((value) => value * scale);
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  return result;
}
