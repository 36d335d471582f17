import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "./fusedKernels.ts";
import { firstRows } from "./linear.ts";

/**
 * Inverted dropout of a matrix: x (at least numRows, width) → 0 or x / (1 − rate), plus the residual, (numRows, width). The same values are
 * zeroed at each call, so that it is its own gradient.
 */
export type InputDropout = (x: tf.Tensor2D, numRows: number, residual: tf.Tensor2D | null) => tf.Tensor2D;

/** The dropout at a place of a pass, from a step's two draws: what is zeroed follows from draws, place, row and column, on every backend alike. */
export function inputDropout(draws: readonly [number, number], site: number, rate: number): InputDropout {
  const keys = keysOf(draws, site);
  const [threshold, scale] = [Math.floor(rate * 2 ** 32), 1 / (1 - rate)];
  let factors: tf.Tensor2D | null = null;
  return (x, numRows, residual) => {
    const width = x.shape[1];
    if (hasFused("TuttiDropInput")) {
      const inputs = residual === null ? { x } : { x, residual };
      const [first, second] = keys.map((key) => key | 0);
      return runFused("TuttiDropInput", inputs, { numRows, first, second, threshold: threshold | 0, scale })[0] as tf.Tensor2D;
    }
    factors ??= tf.tensor2d(dropoutFactors(numRows * width, { keys, threshold, scale }), [numRows, width]);
    const dropped: tf.Tensor2D = tf.mul(firstRows(x, numRows), factors);
    return residual === null ? dropped : tf.add(residual, dropped);
  };
}

interface Draws {
  readonly keys: readonly [number, number];
  /** A value whose draw is below is zeroed. */
  readonly threshold: number;
  readonly scale: number;
}

/** The factor of each value, row by row: 0 or `scale`. */
function dropoutFactors(size: number, { keys: [first, second], threshold, scale }: Draws): Float32Array {
  const factors = new Float32Array(size);
  for (let i = 0; i < size; i++) factors[i] = mix(mix(i ^ first) ^ second) < threshold ? 0 : scale;
  return factors;
}

function keysOf([a, b]: readonly [number, number], site: number): [number, number] {
  const first = mix(a ^ mix(site + 1));
  return [first, mix(b ^ first)];
}

/** A 32-bit hash, one to one (C. Wellons, https://github.com/skeeto/hash-prospector, bias 0.107). */
function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
