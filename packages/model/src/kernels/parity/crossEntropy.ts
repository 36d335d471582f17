import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { runFused } from "../fusedKernels.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface CrossEntropySize {
  readonly numRows: number;
  readonly numClasses: number;
  /** Factor and shift of the logits. */
  readonly spread: number;
  readonly shift: number;
}

const sizes: readonly CrossEntropySize[] = [
  { numRows: 11, numClasses: 2, spread: 3, shift: 0 },
  { numRows: 5, numClasses: 67, spread: 2, shift: 300 },
  { numRows: 3, numClasses: 4099, spread: 4, shift: 0 },
  { numRows: 2, numClasses: 130_000, spread: 1, shift: -500 },
  { numRows: 4, numClasses: 24, spread: 3e30, shift: 0 },
];

/** Weighted cross-entropy of rows and its gradient. */
export const crossEntropyCases: readonly ParityCase[] = sizes.map((size) => ({
  name: `cross-entropy of ${size.numRows} rows over ${size.numClasses} classes, logits of ${size.spread} around ${size.shift}`,
  tolerance: 3e-6, // the device's exp, whose argument has rounding of its own
  worstError: () => worstError(size),
}));

const random = createRandom(13).stream({ purpose: "cross-entropy parity" });

async function worstError({ numRows, numClasses, spread, shift }: CrossEntropySize): Promise<number> {
  const numbers = Float32Array.from({ length: (numRows + 1) * numClasses }, () => shift + spread * random.normal());
  const answers = Int32Array.from({ length: numRows }, (_, row) => (row === 0 ? numClasses - 1 : random.integer(numClasses)));
  const shares = Float32Array.from({ length: numRows }, () => 0.1 + random.uniform());
  const logits = tf.tensor2d(numbers, [numRows + 1, numClasses]);
  const [targets, weights] = [tf.tensor1d(answers, "int32"), tf.tensor1d(shares)];
  const numValues = (numRows + Math.ceil(numRows / numClasses)) * numClasses;
  await leaveBuffer(numValues);
  const result = await readTwice(() => runFused("TuttiCrossEntropy", { logits, targets, weights }, { numRows })[0]);
  tf.dispose([logits, targets, weights]);
  const expected = expectedOf(numbers, answers, shares, numClasses);
  const split = numRows * numClasses;
  if (result.length !== numValues || result.subarray(split + numRows).some((value) => value !== 0)) return Number.POSITIVE_INFINITY;
  return Math.max(
    relativeError(result.subarray(0, split), expected.gradient),
    relativeError(result.subarray(split, split + numRows), expected.losses),
  );
}

/** Gives the device's pool a buffer full of numbers, which the result is then written to: zeros must have been written too. */
async function leaveBuffer(size: number): Promise<void> {
  const numbers = tf.tidy(() => tf.exp(tf.ones([size])));
  await numbers.data();
  numbers.dispose();
}

/** In float64. */
function expectedOf(
  logits: Float32Array,
  targets: Int32Array,
  weights: Float32Array,
  numClasses: number,
): { gradient: Float64Array; losses: number[] } {
  const gradient = new Float64Array(targets.length * numClasses);
  const losses = [...targets].map((target, row) => {
    const values = logits.subarray(row * numClasses, (row + 1) * numClasses);
    const peak = values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
    const sum = values.reduce((total, value) => total + Math.exp(value - peak), 0);
    values.forEach((value, i) => {
      gradient[row * numClasses + i] = weights[row] * (Math.exp(value - peak) / sum - (i === target ? 1 : 0));
    });
    return weights[row] * (Math.log(sum) - (values[target] - peak));
  });
  return { gradient, losses };
}
