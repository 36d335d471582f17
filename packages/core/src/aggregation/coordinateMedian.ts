import { middleOf, overSortedColumns, smallestAbove } from "./columns.ts";
import { declareRule } from "./declaration.ts";
import { fewerThanHalf } from "./sums.ts";

/**
 * The median of every value (Yin et al., 2018, https://arxiv.org/abs/1803.01498, Option I): while fewer than half of the devices are bad, each value
 * lies between two that honest devices sent.
 */
export const coordinateMedian = declareRule({
  name: "coordinateMedian",
  title: "Coordinate median",
  about: "Each value is the median of what the devices sent for it; devices count alike.",
  publication: {
    authors: "Yin, Chen, Ramchandran, Bartlett",
    title: "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
    venue: "ICML",
    year: 2018,
    link: "https://arxiv.org/abs/1803.01498",
  },
  deviations: [],
  settings: {},
  countsAlike: true,
  isScaleFree: true,
  needs: () => ({ fewest: 1, condition: "n ≥ 1" }),
  work: (n) => 4 * Math.log2(n + 1),
  maxNorm: (norms) => smallestAbove(norms, norms.length - fewerThanHalf(norms.length)),
  combine: ({ vectors }) => overSortedColumns(vectors, middleOf),
});
