import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tutti/core";

/** A frozen linear map y = x · Wᵀ + b. Owns its tensors. */
export interface Linear {
  /** (out, in), as checkpoints store it. */
  readonly stored: tf.Tensor2D;
  /** (in, out), kept beside `stored` only where a matrix product with a transposed argument is slow. */
  readonly turned: tf.Tensor2D | null;
  readonly bias: tf.Tensor1D | null;
}

/** Uploads one linear map from its (out, in) matrix; on WASM with the transpose beside it, since `transposeB` is ten times slower there. */
export function createLinear(weight: Tensor, bias: Tensor | null): Linear {
  const [numOut, numIn] = weight.shape;
  return {
    stored: tf.tensor2d(weight.data, [numOut, numIn]),
    turned: tf.getBackend() === "wasm" ? tf.tensor2d(transposed(weight.data, numOut, numIn), [numIn, numOut]) : null,
    bias: bias === null ? null : tf.tensor1d(bias.data),
  };
}

/** x (rows, in) → (rows, out). */
export function linear(x: tf.Tensor2D, map: Linear): tf.Tensor2D {
  const y: tf.Tensor2D = map.turned === null ? tf.matMul(x, map.stored, false, true) : tf.matMul(x, map.turned);
  return map.bias === null ? y : tf.add<tf.Tensor2D>(y, map.bias);
}

/** dY (rows, out) → dX = dY · W (rows, in); the map itself is frozen. */
export function linearGradient(dy: tf.Tensor2D, map: Linear): tf.Tensor2D {
  return tf.matMul(dy, map.stored);
}

/** Releases the map's tensors. */
export function disposeLinear(map: Linear): void {
  map.stored.dispose();
  map.turned?.dispose();
  map.bias?.dispose();
}

/** Stacks maps with the same input by their outputs, the i-th scaled by `scales[i]`. */
export function stackLinears(weights: readonly Tensor[], biases: readonly (Tensor | null)[], scales: readonly number[]): Linear {
  const numIn = weights[0].shape[1];
  const numOut = weights.reduce((sum, weight) => sum + weight.shape[0], 0);
  const weight = new Float32Array(numOut * numIn);
  const bias = new Float32Array(numOut);
  let row = 0;
  weights.forEach((part, i) => {
    const scale = scales[i];
    const partBias = biases[i];
    weight.set(scale === 1 ? part.data : part.data.map((value) => value * scale), row * numIn);
    if (partBias !== null) bias.set(scale === 1 ? partBias.data : partBias.data.map((value) => value * scale), row);
    row += part.shape[0];
  });
  const hasBias = biases.some((part) => part !== null);
  return createLinear({ shape: [numOut, numIn], data: weight }, hasBias ? { shape: [numOut], data: bias } : null);
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  return result;
}
