import { fractionSchema } from "../../settings/fields.ts";
import { declareServerRate } from "./declaration.ts";

/**
 * Cosine annealing without restarts (Loshchilov and Hutter, 2017, https://arxiv.org/abs/1608.03983, equation 5), by rounds: the first takes the
 * strategy's own rate, and after the last it would have come down to `endFraction` of that. Only the server computes it.
 */
export const cosine = declareServerRate({
  name: "cosine",
  title: "Cosine annealing",
  publication: {
    authors: "Loshchilov, Hutter",
    title: "SGDR: Stochastic Gradient Descent with Warm Restarts",
    venue: "ICLR",
    year: 2017,
    link: "https://arxiv.org/abs/1608.03983",
  },
  about: "It falls along half a cosine from the strategy's own rate to a share of it.",
  settings: {
    /** What is left of the rate in the end. */
    endFraction: fractionSchema.default(0),
  },
  factor({ endFraction }, { round, numRounds }) {
    const annealed = (1 + Math.cos((Math.PI * (round - 1)) / numRounds)) / 2;
    return endFraction + (1 - endFraction) * annealed;
  },
  methods: {
    fedAdamCosine: {
      title: "FedAdam, cosine rate",
      of: "fedAdam",
      deviations: [
        "As FedAdam, but for the server's rate: the publication anneals the rate of one optimiser's steps, here it is that of rounds, without restarts.",
      ],
      role: "other",
      trained: "prompts in every layer; the server's steps of Adam become smaller along half a cosine",
      travels: "all of them and the head",
      rates: { of: "pTuningV2" },
    },
  },
});
