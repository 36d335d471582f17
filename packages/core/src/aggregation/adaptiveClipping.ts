import { number } from "../settings/fields.ts";
import { smallestAbove } from "./columns.ts";
import { declareRule, type Updates } from "./declaration.ts";
import { normsOf } from "./distances.ts";
import { admitAll, clipFactor, sumOf } from "./sums.ts";

interface Quantile {
  readonly quantile: number;
}

/**
 * Norm clipping to a quantile γ of the round's own norms (Andrew et al., 2021, https://arxiv.org/abs/1905.03871): the bound follows the updates, which
 * get smaller over a run. With the median it holds while fewer than half of the devices are bad.
 */
export const adaptiveClipping = declareRule({
  name: "adaptiveClipping",
  title: "Adaptive norm clipping",
  about: "Updates longer than a quantile of the round's norms are scaled down to it, then averaged, weighted by examples.",
  publication: {
    authors: "Andrew, Thakkar, McMahan, Ramaswamy",
    title: "Differentially Private Learning with Adaptive Clipping",
    venue: "NeurIPS",
    year: 2021,
    link: "https://arxiv.org/abs/1905.03871",
  },
  deviations: [
    "The bound is the quantile of the round's own norms, where the publication follows it by a step from round to round.",
    "No noise is added.",
  ],
  settings: {
    /** γ: the share of the updates that are within the bound. */
    quantile: number(0.01, 1).default(0.5),
  },
  countsAlike: false,
  isScaleFree: true,
  needs: () => ({ fewest: 1, condition: "n ≥ 1" }),
  work: () => 2,
  maxNorm: boundOf,
  admit: admitted,
  combine: (updates, settings) => sumOf(updates.vectors, admitted(updates, settings)),
});

/** The ⌈γ n⌉-th smallest norm. */
function boundOf(norms: readonly number[], { quantile }: Quantile): number {
  return smallestAbove(norms, Math.ceil(quantile * norms.length - 1e-9));
}

function admitted(updates: Updates, settings: Quantile) {
  const norms = normsOf(updates.vectors);
  const bound = boundOf(norms, settings);
  return admitAll(updates, (place) => clipFactor(norms[place], bound));
}
