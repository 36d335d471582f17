import { integer } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { smallestAbove } from "./columns.ts";
import { type Admitted, declareRule } from "./declaration.ts";
import { squaredDistances } from "./distances.ts";
import { sumOf } from "./sums.ts";

/**
 * Multi-Krum (Blanchard et al., 2017, https://papers.nips.cc/paper/2017/hash/f4b9ec30ad9f68f89b29639786cb62ef-Abstract.html): an update's score is the
 * sum of its squared distances to the n − f − 2 others that lie nearest; the n − f − 2 updates with the lowest scores are averaged.
 */
export const multiKrum = declareRule({
  name: "multiKrum",
  title: "Multi-Krum",
  about: "The n − f − 2 updates that lie nearest to others are averaged, the rest are left out; devices count alike.",
  publication: {
    authors: "Blanchard, El Mhamdi, Guerraoui, Stainer",
    title: "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
    venue: "NeurIPS",
    year: 2017,
    link: "https://papers.nips.cc/paper/2017/hash/f4b9ec30ad9f68f89b29639786cb62ef-Abstract.html",
  },
  deviations: [
    "The number of updates that are kept, which the publication leaves open, is n − f − 2.",
    "Of equal scores the lower device's counts first.",
  ],
  settings: {
    /** f, devices of one step that may send anything. */
    numByzantine: integer(0, settingLimits.maxDevices).default(1),
  },
  countsAlike: true,
  isScaleFree: true,
  needs: ({ numByzantine: f }) => ({ fewest: 2 * f + 3, condition: "n ≥ 2f + 3" }),
  work: (n) => n / 2 + 3,
  maxNorm: (norms, { numByzantine }) => smallestAbove(norms, norms.length - numByzantine),
  admit: ({ vectors }, { numByzantine }) => nearest(vectors, numByzantine),
  combine: ({ vectors }, { numByzantine }) => sumOf(vectors, nearest(vectors, numByzantine)),
});

function nearest(vectors: readonly Float32Array[], f: number): Admitted[] {
  const count = vectors.length - f - 2;
  const scores = krumScores(vectors, count);
  const order = scores.map((_, place) => place).sort((a, b) => scores[a] - scores[b] || a - b);
  const kept = order.slice(0, count).sort((a, b) => a - b);
  return kept.map((place) => ({ place, factor: 1, weight: 1 / count }));
}

/** Σ of the squared distances to the `count` nearest others. */
function krumScores(vectors: readonly Float32Array[], count: number): number[] {
  const n = vectors.length;
  const squares = squaredDistances(vectors);
  return vectors.map((_, i) => {
    const others = squares.slice(i * n, (i + 1) * n);
    others[i] = Number.POSITIVE_INFINITY; // itself
    return others
      .sort()
      .subarray(0, count)
      .reduce((sum, square) => sum + square, 0);
  });
}
