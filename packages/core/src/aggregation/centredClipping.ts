import { integer, number } from "../settings/fields.ts";
import { medianOf, middleOf, overSortedColumns, smallestAbove } from "./columns.ts";
import { declareRule } from "./declaration.ts";
import { distancesTo } from "./distances.ts";
import { clipFactor, fewerThanHalf } from "./sums.ts";

/**
 * v ← v + mean of (x_i − v) · min(1, τ / ‖x_i − v‖), some times (Karimireddy et al., 2021, https://arxiv.org/abs/2012.10333): each device moves
 * the centre by at most τ / n in a step. It begins at the coordinate median, and τ is a multiple of the median distance to the centre.
 */
export const centredClipping = declareRule({
  name: "centredClipping",
  title: "Centred clipping",
  about:
    "From the coordinate median the centre moves by the mean of the ways to all updates, each clipped to a radius; devices count alike.",
  publication: {
    authors: "Karimireddy, He, Jaggi",
    title: "Learning from History for Byzantine Robust Optimization",
    venue: "ICML",
    year: 2021,
    link: "https://arxiv.org/abs/2012.10333",
  },
  deviations: [
    "The centre begins at the round's coordinate median, where the publication begins at the last round's result: cohorts change from round to round, and updates get smaller.",
    "The radius is a multiple of the median distance to the centre, where the publication gives it as a length.",
    "Devices keep no momentum for it.",
  ],
  settings: {
    /** τ over the median distance to the centre. */
    radius: number(1e-3, 1e3).default(1),
    numSteps: integer(1, 100).default(3),
  },
  countsAlike: true,
  isScaleFree: true,
  needs: () => ({ fewest: 1, condition: "n ≥ 1" }),
  work: (n, { numSteps }) => 4 * Math.log2(n + 1) + 2 * numSteps,
  maxNorm: (norms) => smallestAbove(norms, norms.length - fewerThanHalf(norms.length)),
  combine({ vectors }, { radius, numSteps }) {
    let centre = overSortedColumns(vectors, middleOf);
    for (let step = 0; step < numSteps; step++) centre = moved(centre, vectors, radius);
    return centre;
  },
});

function moved(centre: Float64Array, vectors: readonly Float32Array[], radius: number): Float64Array {
  const distances = distancesTo(centre, vectors);
  const longest = radius * medianOf(distances);
  const next = centre.slice();
  for (const [place, vector] of vectors.entries()) {
    const share = clipFactor(distances[place], longest) / vectors.length;
    for (let i = 0; i < next.length; i++) next[i] += share * (vector[i] - centre[i]);
  }
  return next;
}
