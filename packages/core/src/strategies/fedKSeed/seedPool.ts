import type { Params } from "../../params.ts";
import { addManySigns, type Movement } from "../../perturbation/manySigns.ts";
import { perturbedOffsets } from "../../perturbation/numbering.ts";
import { portableExp } from "../../portableMath.ts";
import type { Random, RandomStream } from "../../random.ts";

/** The K seeds of a run, which everybody draws by themselves. */
export function seedPool(random: Random, numSeeds: number): Uint32Array {
  const seeds = new Uint32Array(numSeeds);
  random.stream({ purpose: "seedPool" }).fill(seeds);
  return seeds;
}

/** Values that are moved by one seed after another before the caller hears of it. */
const movedAtOnce = 2 ** 26;

/** Moves parameters in place; `onMoved` is awaited now and then with the number of movements so far. */
export async function moveParams(
  params: Params,
  movements: readonly Movement[],
  onMoved: (numMoved: number) => Promise<void> | void = () => undefined,
): Promise<void> {
  const numValues = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
  const atOnce = Math.max(1, Math.ceil(movedAtOnce / Math.max(1, numValues)));
  for (let first = 0; first < movements.length; first += atOnce) {
    const part = movements.slice(first, first + atOnce);
    moveAtOnce(params, part);
    await onMoved(first + part.length);
  }
}

/** Moves parameters in place. */
export function moveAtOnce(params: Params, movements: readonly Movement[]): void {
  const offsets = perturbedOffsets(Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape])));
  for (const [name, { data }] of Object.entries(params)) addManySigns(data, movements, offsets[name]);
}

/** Places in the pool for a device's steps: each as likely, or by `probabilities`. */
export function drawPlaces(stream: RandomStream, numSteps: number, probabilities: Float64Array | number): number[] {
  if (typeof probabilities === "number") return Array.from({ length: numSteps }, () => stream.integer(probabilities));
  let sum = 0;
  const ends = probabilities.map((share) => {
    sum += share;
    return sum;
  });
  return Array.from({ length: numSteps }, () => {
    const point = stream.uniform() * sum;
    const found = ends.findIndex((end) => point < end);
    return found < 0 ? ends.length - 1 : found;
  });
}

/**
 * FedKSeed-Pro's probabilities: the softmax of each seed's mean magnitude between the smallest and the largest of all. As in the program each history begins with a 0,
 * and the likeliest seed is e times as likely as the least likely one.
 */
export function seedProbabilities(magnitudes: Float32Array, counts: Float32Array): Float64Array {
  const means = Float64Array.from(magnitudes, (sum, place) => sum / (counts[place] + 1));
  const least = means.reduce((low, mean) => Math.min(low, mean), Number.POSITIVE_INFINITY);
  const most = means.reduce((high, mean) => Math.max(high, mean), Number.NEGATIVE_INFINITY);
  const weights = means.map((mean) => portableExp(most > least ? (mean - least) / (most - least) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
