import { declareStrategy } from "../declaration.ts";
import { decisions } from "./decisions.ts";
import { fedKSeedSettings } from "./settings.ts";

const deviations = [
  "A perturbation is ±1 in each value, from a hash of 32-bit integers, where the program draws normal ones: every backend comes to the same bits.",
  "The server draws the seeds of a device's steps, so that scalars alone travel up.",
  "Tuned values are multiples of 2⁻²⁰ (`gridBits`), so that a device which replays all seeds and one that replays what changed come to the same bits.",
  "ε is 2⁻¹¹ and not 5e-4, so that adding and taking away a perturbation is exact.",
  "A device's scalars count as no longer, all together, than three quarters of the devices say theirs are, and none beyond `maxScalar`.",
  "The rate is `training.clientLearningRate`, constant; a step's batch has `training.batchSize` examples, where the program has one.",
] as const;

/**
 * FedKSeed and FedKSeed-Pro (Qin et al., 2024, https://arxiv.org/abs/2312.06353): devices try perturbations from a pool of seeds with two forward passes each and send
 * one number for each; the sums of these, K numbers, are the model.
 */
export const fedKSeed = declareStrategy({
  name: "fedKSeed",
  title: "FedKSeed",
  about: "Devices try random perturbations from a pool of seeds, with forward passes alone, and send one number for each.",
  publication: {
    authors: "Qin, Chen, Qian, Ding, Li, Deng",
    title: "Federated Full-Parameter Tuning of Billion-Sized Language Models with Communication Cost under 18 Kilobytes",
    venue: "ICML",
    year: 2024,
    link: "https://arxiv.org/abs/2312.06353",
  },
  deviations,
  settings: fedKSeedSettings,
  rules: [],
  takesRules: () => "none",
  backwardPasses: () => "none",
  needsSingleContributions: () => true,
  decisions,
  methods: {},
});
