import { deviations } from "../../deviations.ts";
import { declareStrategy } from "../declaration.ts";
import { needsLora } from "../loraRule.ts";
import { decisions } from "./decisions.ts";
import { fedPipeSettings } from "./settings.ts";

const own = [
  "The score, the planner's costs and its objective are this project's: the publication's could not be read.",
  "Matrices are scored as in AdaLoRA, over the steps of the warm-up round; each device's scores count as shares of their sum.",
  "Ranks come from dynamic programming over all matrices, for bits and batch sizes that are enumerated; bits are settled when a client joins.",
  "All ranks have one scale, the run's alpha over the run's rank; products of mixed ranks are merged as in FlexLoRA, by QR of the stacked factors.",
  "A rank above the run's counts as the run's.",
  "A client that says nothing of its machine trains what is selected at the rank of the warm-up round.",
] as const;

/**
 * FedPipe (Fang et al., 2024, https://arxiv.org/abs/2404.06448): each client trains LoRA on the matrices that matter, at ranks, batch size and bits
 * of the backbone that its machine has room for; the server merges what comes back.
 */
export const fedPipe = declareStrategy({
  name: "fedPipe",
  title: "FedPipe",
  about:
    "Each client trains LoRA of the matrices that matter, at the ranks, batch size and bits of the backbone that its machine has room for.",
  publication: {
    authors: "Fang, Lin, Chen, Chen, Fang",
    title: "Automated Federated Pipeline for Parameter-Efficient Fine-Tuning of Large Language Models",
    venue: "arXiv",
    year: 2024,
    link: "https://arxiv.org/abs/2404.06448",
  },
  deviations: own,
  settings: fedPipeSettings,
  rules: [needsLora("fedPipe")],
  takesRules: () => "clipping",
  needsSingleContributions: () => true,
  decisions,
  methods: {
    fedPipe: {
      deviations: [deviations.optimised, ...own],
      tunes: "lora",
      role: "other",
      trained: "low-rank differences of the weights that matter, at the ranks that each client has room for",
      travels: "both factors of each at the client's own ranks and the head; the server merges the products",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
