import { declareRule } from "./declaration.ts";
import { admitAll, sumOf } from "./sums.ts";

/** Σ p_i x_i (McMahan et al., 2017, https://arxiv.org/abs/1602.05629): one device can move it as far as it likes. What runs without a rule do. */
export const mean = declareRule({
  name: "mean",
  title: "Mean",
  about: "The mean of all updates, weighted by examples; one device can move it as far as it likes.",
  publication: {
    authors: "McMahan, Moore, Ramage, Hampson, Agüera y Arcas",
    title: "Communication-Efficient Learning of Deep Networks from Decentralized Data",
    venue: "AISTATS",
    year: 2017,
    link: "https://arxiv.org/abs/1602.05629",
  },
  deviations: [],
  settings: {},
  countsAlike: false,
  isScaleFree: true,
  needs: () => ({ fewest: 1, condition: "n ≥ 1" }),
  work: () => 1,
  maxNorm: () => Number.POSITIVE_INFINITY,
  admit: (updates) => admitAll(updates, () => 1),
  combine: (updates) =>
    sumOf(
      updates.vectors,
      admitAll(updates, () => 1),
    ),
});
