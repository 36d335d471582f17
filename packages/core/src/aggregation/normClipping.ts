import { number } from "../settings/fields.ts";
import { declareRule, type Updates } from "./declaration.ts";
import { normsOf } from "./distances.ts";
import { admitAll, clipFactor, sumOf } from "./sums.ts";

/**
 * Σ p_i x_i · min(1, C / ‖x_i‖) (Sun et al., 2019, https://arxiv.org/abs/1911.07963): a device moves the result by at most p_i C. What is computed from
 * clipped updates is within a bound that follows, and is averaged.
 */
export const normClipping = declareRule({
  name: "normClipping",
  title: "Norm clipping",
  about: "Updates longer than a fixed norm are scaled down to it, then averaged, weighted by examples.",
  publication: {
    authors: "Sun, Kairouz, Suresh, McMahan",
    title: "Can You Really Backdoor Federated Learning?",
    venue: "arXiv",
    year: 2019,
    link: "https://arxiv.org/abs/1911.07963",
  },
  deviations: ["No noise is added."],
  settings: {
    /** C, of all values of an update together. */
    maxNorm: number(1e-9, 1e9).default(1),
  },
  countsAlike: false,
  isScaleFree: false,
  needs: () => ({ fewest: 1, condition: "n ≥ 1" }),
  work: () => 2,
  maxNorm: (_, { maxNorm }) => maxNorm,
  admit: (updates, { maxNorm }) => admitted(updates, maxNorm),
  combine: (updates, { maxNorm }) => sumOf(updates.vectors, admitted(updates, maxNorm)),
});

function admitted(updates: Updates, maxNorm: number) {
  const norms = normsOf(updates.vectors);
  return admitAll(updates, (place) => clipFactor(norms[place], maxNorm));
}
