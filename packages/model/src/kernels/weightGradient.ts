import * as tf from "@tensorflow/tfjs-core";
import { runFused } from "./fusedKernels.ts";
import type { Norm, Normed } from "./norm.ts";
import type { VectorMap, VectorNorm } from "./vectorPlan.ts";

/** Where the gradient of a map's weights goes, as the kernels are told. */
export interface GradientPlace {
  /** Of dY and X that take part. */
  readonly numRows: number;
  readonly numOut: number;
  readonly numIn: number;
  readonly hasBias: boolean;
  readonly isInterleaved: boolean;
  /** The first rows of W's second and third part. */
  readonly ends: readonly [number, number];
  /** Where the parts' weights and biases begin in the vector. */
  readonly weights: readonly number[];
  readonly biases: readonly number[];
  /** Of the first part. */
  readonly scale: number;
}

/** A vector of gradients that the functions below fill; it holds anything before. */
export function newVector(size: number): tf.Tensor1D {
  return runFused("TuttiVector", {}, { size })[0] as tf.Tensor1D;
}

/** dYᵀ · X and the sum of dY's rows, dY (at least numRows, out) and X (at least numRows, in), into the map's place in `into`. */
export function weightGradient(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  map: VectorMap,
  { into, numRows, scale }: { readonly into: tf.Tensor1D; readonly numRows: number; readonly scale: number },
): void {
  const { numIn, numOut, parts, isInterleaved, isScaled } = map;
  const second = parts[0].numRows;
  const place: GradientPlace = {
    numRows,
    numOut,
    numIn,
    hasBias: parts[0].bias !== null,
    isInterleaved,
    ends: [second, second + (parts[1]?.numRows ?? 0)],
    weights: parts.map(({ weight }) => weight),
    biases: parts.map(({ bias }) => bias ?? 0),
    scale: isScaled ? scale : 1,
  };
  runFused("TuttiWeightGradient", { dy, x, into }, place as object as Record<string, number>);
}

/** dY (at least numRows, width) → dX + residual through a norm, in rows that more may follow; the gradients of its weight and bias go to their places. */
export function trainedNormGradient(
  dy: tf.Tensor2D,
  { kept: [x, inverse] }: Normed,
  norm: Norm,
  { places, into, numRows, residual }: TrainedNormOptions,
): tf.Tensor2D {
  const { kind, weight, epsilon, firstWeight = 0 } = norm;
  const attributes = { numRows, weight: places.weight, bias: places.bias ?? 0, hasBias: places.bias !== null };
  if (inverse !== undefined) {
    const dx = runFused("TuttiNormGradient", { dy, weight, standard: x, inverse }, { isCentred: kind === "layer", firstWeight })[0];
    runFused("TuttiNormWeightGradient", { dy, standard: x, into }, attributes);
    return residual === null ? (dx as tf.Tensor2D) : tf.add(residual, dx);
  }
  const inputs = { dy, x, weight, ...(residual === null ? {} : { residual }) };
  const dx = runFused("TuttiNormRowsGradient", inputs, { kind, epsilon, numRows, firstWeight, hasTail: true })[0] as tf.Tensor2D;
  runFused("TuttiNormWeightGradient", { dy, x, dx, into }, attributes);
  return dx;
}

interface TrainedNormOptions {
  readonly places: VectorNorm;
  readonly into: tf.Tensor1D;
  readonly numRows: number;
  readonly residual: tf.Tensor2D | null;
}
