import { componentRankOf } from "../../tunings/table.ts";
import { declareStrategy } from "../declaration.ts";
import { decisions } from "./decisions.ts";
import { fedAraSettings } from "./settings.ts";

const own = [
  "Only the abstract was read: score, budget and who decides are this project's, after AdaLoRA's.",
  "A device scores its components in each round in which some are taken, over that round's steps alone.",
  "The server decides by the mean share of score, in which the lowest and the highest quarter of the devices say no less and no more than the others.",
  "What is dead stays dead, and is 0 at the server.",
] as const;

/**
 * FedARA (Wu et al., 2025, https://arxiv.org/abs/2501.14406): devices train differences P diag(e) Q; by the components' scores the server takes more of
 * them out after each round, for good, and a matrix without any is no longer computed.
 */
export const fedAra = declareStrategy({
  name: "fedAra",
  title: "FedARA",
  about:
    "Devices train SVD-form differences; after each round the server takes out the components that matter least, and a matrix without any is left out.",
  publication: {
    authors: "Wu, Hu, Min, Wang",
    title: "Adaptive Rank Allocation for Federated Parameter-Efficient Fine-Tuning of Language Models",
    venue: "arXiv",
    year: 2025,
    link: "https://arxiv.org/abs/2501.14406",
  },
  deviations: own,
  settings: fedAraSettings,
  rules: [
    {
      of: ["strategy", "tuning"],
      path: ["tuning", "method"],
      error: "FedARA takes components out of differences P diag(e) Q: set tuning.method to svdLora",
      holds: ({ tuning }) => componentRankOf(tuning) !== null,
    },
    {
      of: ["strategy", "tuning"],
      path: ["strategy", "targetRank"],
      error: "it is above tuning.rank, with which training begins: lower it, or give the run a higher rank",
      holds: ({ strategy, tuning }) => strategy.targetRank <= (componentRankOf(tuning) ?? Number.POSITIVE_INFINITY),
    },
  ],
  takesRules: () => "all",
  needsSingleContributions: () => true,
  decisions,
  methods: {},
});
