import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { runFused } from "../fusedKernels.ts";
import { type Norm, plainNormalize, plainNormalizeGradient } from "../norm.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface NormSize {
  readonly kind: Norm["kind"];
  readonly numRows: number;
  readonly width: number;
  readonly hasBias: boolean;
  readonly hasResidual: boolean;
  /** Rows that follow and are not part of it. */
  readonly numBehind: number;
}

const sizes: readonly NormSize[] = [
  { kind: "layer", numRows: 7, width: 20, hasBias: true, hasResidual: false, numBehind: 0 },
  { kind: "layer", numRows: 3, width: 67, hasBias: false, hasResidual: true, numBehind: 2 },
  { kind: "rms", numRows: 9, width: 33, hasBias: false, hasResidual: true, numBehind: 0 },
  { kind: "rms", numRows: 5, width: 1028, hasBias: true, hasResidual: false, numBehind: 1 },
  { kind: "layer", numRows: 33, width: 260, hasBias: true, hasResidual: true, numBehind: 3 },
  { kind: "layer", numRows: 1, width: 5, hasBias: true, hasResidual: true, numBehind: 0 },
];

/** LayerNorm and RMSNorm, and their gradients. */
export const normCases: readonly ParityCase[] = [
  ...sizes.map((size) => ({
    name: `${size.kind} norm of (${size.numRows}, ${size.width})${size.hasBias ? " with bias" : ""}${size.hasResidual ? ", residual" : ""}`,
    tolerance: 1e-6, // f32 sums in another order
    worstError: () => worstError(size),
  })),
  { name: "layer norm of rows with mean 1000 and variance 1", tolerance: 1e-6, worstError: farError },
];

const random = createRandom(11).stream({ purpose: "norm parity" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());

async function worstError({ kind, numRows, width, hasBias, hasResidual, numBehind }: NormSize): Promise<number> {
  const behind = [numRows + numBehind, width] as const;
  const x = tf.tensor2d(draw(behind[0] * width), [...behind]);
  const dy = tf.tensor2d(draw(behind[0] * width), [...behind]);
  const residual = tf.tensor2d(draw(behind[0] * width), [...behind]);
  const norm: Norm = { kind, weight: tf.tensor1d(draw(width)), bias: hasBias ? tf.tensor1d(draw(width)) : null, epsilon: 1e-3 };
  const { weight, bias, epsilon } = norm;
  const attributes = { kind, epsilon, numRows };
  const y = await readTwice(() => runFused("TuttiNormRows", bias === null ? { x, weight } : { x, weight, bias }, attributes)[0]);
  const inputs = hasResidual ? { dy, x, weight, residual } : { dy, x, weight };
  const dx = await readTwice(() => runFused("TuttiNormRowsGradient", inputs, attributes)[0]);
  const [plainY, plainDx] = tf.tidy(() => {
    const [inX, inDy, inResidual] = [x, dy, residual].map((all) => tf.slice2d(all, [0, 0], [numRows, width]));
    const normed = plainNormalize(inX, norm);
    const gradient = plainNormalizeGradient(inDy, normed, norm);
    return [normed.y, hasResidual ? tf.add(inResidual, gradient) : gradient];
  });
  const error = Math.max(relativeError(y, await plainY.data()), relativeError(dx, await plainDx.data()));
  tf.dispose([x, dy, residual, weight, plainY, plainDx, ...(bias === null ? [] : [bias])]);
  return error;
}

/** Against float64, because operations in f32 lose such a row's digits. */
async function farError(): Promise<number> {
  const [numRows, width] = [5, 99];
  const numbers = draw(numRows * width).map((value, i) => (i < width ? -1000 : 1000) + value);
  const slopes = draw(numRows * width);
  const [x, dy, weight] = [tf.tensor2d(numbers, [numRows, width]), tf.tensor2d(slopes, [numRows, width]), tf.ones([width])];
  const attributes = { kind: "layer", epsilon: 1e-5, numRows };
  const y = await readTwice(() => runFused("TuttiNormRows", { x, weight }, attributes)[0]);
  const dx = await readTwice(() => runFused("TuttiNormRowsGradient", { dy, x, weight }, attributes)[0]);
  tf.dispose([x, dy, weight]);
  const expectedY: number[] = [];
  const expectedDx: number[] = [];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / width;
  for (let start = 0; start < numRows * width; start += width) {
    const row = [...numbers.subarray(start, start + width)];
    const slope = [...slopes.subarray(start, start + width)];
    const middle = mean(row);
    const inverse = 1 / Math.sqrt(mean(row.map((value) => (value - middle) ** 2)) + 1e-5);
    const standard = row.map((value) => (value - middle) * inverse);
    const along = mean(slope.map((value, i) => value * standard[i]));
    expectedY.push(...standard);
    expectedDx.push(...slope.map((value, i) => (value - mean(slope) - standard[i] * along) * inverse));
  }
  return Math.max(relativeError(y, expectedY), relativeError(dx, expectedDx));
}
