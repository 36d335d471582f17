import { integer } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import { overSortedColumns, smallestAbove } from "./columns.ts";
import { declareRule } from "./declaration.ts";

/**
 * The mean of every value without the f largest and the f smallest (Yin et al., 2018, https://arxiv.org/abs/1803.01498, Option II): while at most f
 * devices are bad, each value lies between two that honest devices sent.
 */
export const trimmedMean = declareRule({
  name: "trimmedMean",
  title: "Trimmed mean",
  about: "Each value is the mean of what the devices sent for it, without the f largest and the f smallest; devices count alike.",
  publication: {
    authors: "Yin, Chen, Ramchandran, Bartlett",
    title: "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
    venue: "ICML",
    year: 2018,
    link: "https://arxiv.org/abs/1803.01498",
  },
  deviations: ["The number of values to leave out is given; the publication gives their share."],
  settings: {
    /** f, devices of one step that may send anything. */
    numByzantine: integer(0, settingLimits.maxDevices).default(1),
  },
  countsAlike: true,
  isScaleFree: true,
  needs: ({ numByzantine: f }) => ({ fewest: 2 * f + 1, condition: "n ≥ 2f + 1" }),
  work: (n) => 4 * Math.log2(n + 1),
  maxNorm: (norms, { numByzantine }) => smallestAbove(norms, norms.length - numByzantine),
  combine: ({ vectors }, { numByzantine }) => overSortedColumns(vectors, (ascending) => middleMean(ascending, numByzantine)),
});

function middleMean(ascending: Float32Array, numTrimmed: number): number {
  let sum = 0;
  for (let i = numTrimmed; i < ascending.length - numTrimmed; i++) sum += ascending[i];
  return sum / (ascending.length - 2 * numTrimmed);
}
