import { smallestAbove } from "./columns.ts";
import { declareRule } from "./declaration.ts";
import { distancesTo } from "./distances.ts";
import { fewerThanHalf, sumOf } from "./sums.ts";

/** Steps after which the centre is taken as it is. */
const mostSteps = 100;
/** A step that is shorter than this share of the mean distance is the last. */
const tolerance = 1e-6;
/** The share of the mean distance below which no distance is taken: no update's weight becomes infinite where the centre meets it. */
const smoothing = 1e-6;

/**
 * The point with the least sum of distances to all updates, by smoothed Weiszfeld steps (RFA: Pillutla et al., 2022,
 * https://arxiv.org/abs/1912.13445, Algorithm 2); it stays near the honest updates while fewer than half of the devices are bad.
 */
export const geometricMedian = declareRule({
  name: "geometricMedian",
  title: "Geometric median",
  about: "The point with the least sum of distances to all updates; devices count alike.",
  publication: {
    authors: "Pillutla, Kakade, Harchaoui",
    title: "Robust Aggregation for Federated Learning",
    venue: "IEEE Transactions on Signal Processing",
    year: 2022,
    link: "https://arxiv.org/abs/1912.13445",
  },
  deviations: [
    "Devices count alike, where the publication weights them by examples: what a device says of its examples moves nothing.",
    "Steps go on until one is shorter than a millionth of the mean distance, 100 at most; the publication takes a few.",
  ],
  settings: {},
  countsAlike: true,
  isScaleFree: true,
  needs: () => ({ fewest: 1, condition: "n ≥ 1" }),
  work: () => 2 * mostSteps,
  maxNorm: (norms) => smallestAbove(norms, norms.length - fewerThanHalf(norms.length)),
  combine: ({ vectors }) => weiszfeld(vectors),
});

/** From the mean on, every step is the mean weighted by 1 / distance. */
function weiszfeld(vectors: readonly Float32Array[]): Float64Array {
  let centre = weightedMean(vectors, new Float64Array(vectors.length).fill(1));
  for (let step = 0; step < mostSteps; step++) {
    const distances = distancesTo(centre, vectors);
    const meanDistance = distances.reduce((sum, distance) => sum + distance, 0) / vectors.length;
    if (meanDistance === 0) return centre; // all are equal
    const next = weightedMean(
      vectors,
      distances.map((distance) => 1 / Math.max(distance, smoothing * meanDistance)),
    );
    const moved = distanceBetween(centre, next);
    centre = next;
    if (moved <= tolerance * meanDistance) return centre;
  }
  return centre;
}

function weightedMean(vectors: readonly Float32Array[], weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return sumOf(
    vectors,
    vectors.map((_, place) => ({ place, factor: 1, weight: weights[place] / total })),
  );
}

function distanceBetween(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return Math.sqrt(sum);
}
