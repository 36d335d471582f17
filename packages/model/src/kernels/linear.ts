import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tutti/core";
import { hasFused, runFused } from "./fusedKernels.ts";

/** A frozen linear map y = x · Wᵀ + b, kept as both its directions need it. Owns its tensors. */
export interface Linear {
  readonly forward: Factor;
  readonly backward: Factor;
  readonly bias: tf.Tensor1D | null;
}

/** The right factor of a product: (in, out), or (out, in) to be transposed, or in panels of eight columns for our own kernel. */
type Factor =
  | { readonly layout: "plain" | "transposed"; readonly matrix: tf.Tensor2D }
  | { readonly layout: "panels"; readonly matrix: tf.Tensor1D; readonly numOut: number };

/** Beyond so many weights the library's product, which uses all threads, is the faster one. The choice hangs on the shape alone, so bits do not hang on threads. */
const maxPanelWeights = 2 ** 20;

/** Uploads one linear map from its (out, in) matrix. */
export function createLinear(weight: Tensor, bias: Tensor | null): Linear {
  const [numOut, numIn] = weight.shape;
  const turned = () => transposed(weight.data, numOut, numIn);
  const biasTensor = bias === null ? null : tf.tensor1d(bias.data);
  if (numOut % 8 === 0 && numIn % 8 === 0 && weight.data.length <= maxPanelWeights && hasFused("TuttiLinear")) {
    return { forward: panels(turned(), numIn, numOut), backward: panels(weight.data, numOut, numIn), bias: biasTensor };
  }
  const stored = tf.tensor2d(weight.data, [numOut, numIn]);
  const forward: Factor =
    tf.getBackend() === "wasm" // where a product with a transposed factor is ten times slower
      ? { layout: "plain", matrix: tf.tensor2d(turned(), [numIn, numOut]) }
      : { layout: "transposed", matrix: stored };
  return { forward, backward: { layout: "plain", matrix: stored }, bias: biasTensor };
}

/** x (rows, in) → (rows, out). */
export function linear(x: tf.Tensor2D, { forward, bias }: Linear): tf.Tensor2D {
  return multiply(x, forward, bias);
}

/** dY (rows, out) → dX = dY · W (rows, in); the map itself is frozen. */
export function linearGradient(dy: tf.Tensor2D, { backward }: Linear): tf.Tensor2D {
  return multiply(dy, backward, null);
}

/** The map's tensors, each once. */
export function tensorsOf({ forward, backward, bias }: Linear): tf.Tensor[] {
  return [...new Set([forward.matrix, backward.matrix, ...(bias === null ? [] : [bias])])];
}

/** Releases the map's tensors. */
export function disposeLinear(map: Linear): void {
  tf.dispose(tensorsOf(map));
}

/** Stacks maps with the same input by their outputs, the i-th scaled by `scales[i]`. */
export function stackLinears(weights: readonly Tensor[], biases: readonly (Tensor | null)[], scales: readonly number[]): Linear {
  const numIn = weights[0].shape[1];
  const numOut = weights.reduce((sum, weight) => sum + weight.shape[0], 0);
  const weight = new Float32Array(numOut * numIn);
  const bias = new Float32Array(numOut);
  let row = 0;
  weights.forEach((part, i) => {
    const partBias = biases[i];
    weight.set(scaled(part.data, scales[i]), row * numIn);
    if (partBias !== null) bias.set(scaled(partBias.data, scales[i]), row);
    row += part.shape[0];
  });
  const hasBias = biases.some((part) => part !== null);
  return createLinear({ shape: [numOut, numIn], data: weight }, hasBias ? { shape: [numOut], data: bias } : null);
}

function multiply(x: tf.Tensor2D, factor: Factor, bias: tf.Tensor1D | null): tf.Tensor2D {
  if (factor.layout === "panels") {
    const inputs = bias === null ? { x, panels: factor.matrix } : { x, panels: factor.matrix, bias };
    return runFused("TuttiLinear", inputs, { numOut: factor.numOut })[0] as tf.Tensor2D;
  }
  const y: tf.Tensor2D = tf.matMul(x, factor.matrix, false, factor.layout === "transposed");
  return bias === null ? y : tf.add<tf.Tensor2D>(y, bias);
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
