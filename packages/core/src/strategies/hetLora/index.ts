import { deviations } from "../../deviations.ts";
import { declareStrategy } from "../declaration.ts";
import { needsLora } from "../loraRule.ts";
import { ranksWithinRun } from "../mixedRanks.ts";
import { decisions } from "./decisions.ts";
import { hetLoraSettings, machineRanksWithinRun } from "./settings.ts";

const own = [
  "Only the abstract and summaries by others were read. A device has one weight, the norm of all of its products together; before anybody has one, weights are those of examples.",
  "All ranks have one scale, the run's alpha over the run's rank.",
  "Ranks are given in the settings, by turns or by the rate of a client's machine. With pruning, the penalty is in the device's loss, and the server lowers the rank of a device whose last components have faded.",
  "A linear head is averaged, weighted by examples, where the run has one.",
] as const;

/**
 * HetLoRA (Cho et al., 2024, https://arxiv.org/abs/2401.06432): devices have unlike ranks; the server pads their factors with zeros, averages them
 * with weights that follow the norm of each product, and sends each device the leading components.
 */
export const hetLora = declareStrategy({
  name: "hetLora",
  title: "HetLoRA",
  about: "Devices of unlike ranks; the server averages their factors, padded with zeros, by the norm of each device's product.",
  publication: {
    authors: "Cho, Liu, Xu, Fahrezi, Joshi",
    title: "Heterogeneous LoRA for Federated Fine-tuning of On-Device Foundation Models",
    venue: "EMNLP",
    year: 2024,
    link: "https://arxiv.org/abs/2401.06432",
  },
  deviations: own,
  settings: hetLoraSettings,
  rules: [needsLora("hetLora"), ranksWithinRun, machineRanksWithinRun],
  takesRules: () => "clipping",
  needsSingleContributions: () => true,
  decisions,
  methods: {
    hetLora: {
      deviations: [deviations.optimised, ...own, "Half of the devices have the run's rank and the others half of it."],
      tunes: "lora",
      strategy: ({ ranks }) => ({ ranks: ranks.length > 0 ? ranks : [8, 4] }),
      role: "other",
      trained: "low-rank differences of the query and value weights, of rank 8 on half of the devices and 4 on the others",
      travels: "both factors of each at the device's own rank and the head; the server averages the factors, padded with zeros",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
