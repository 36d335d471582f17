import { searchedSizeOf } from "../../tunings/table.ts";
import { declareStrategy } from "../declaration.ts";
import { decisions } from "./decisions.ts";
import { fedBptSettings, maxFullSize } from "./settings.ts";

const deviations = [
  "The search keeps a triangle A with C = A Aᵀ and updates it (Krause, Arbonès, Igel 2016) in place of decomposing C, and has no negative weights, where the program takes pycma's.",
  "All numbers of the search are rounded to f32 after each round, so that devices which follow it come to the server's bits.",
  "Each device draws its points from its own seed in each round; in the program all devices start from the same one.",
  "A device says the root mean square of its step sizes, which both formulas need, and not each of them.",
  "No device's mean is further from the round's, and no step size larger or smaller, than three quarters of the devices say theirs are.",
  "Step sizes stay within a thousandth and a thousand times the first; a device judges by at most 128 of its examples, drawn in each round.",
] as const;

/**
 * FedBPT (Sun et al., 2024, https://arxiv.org/abs/2310.01467): devices search a prompt P z by CMA-ES over z, with forward passes alone; their means are the population
 * of the server's own search, which every device follows from what the others found.
 */
export const fedBpt = declareStrategy({
  name: "fedBpt",
  title: "FedBPT",
  about: "Devices search for a prompt by CMA-ES, with forward passes alone; what they find is the population of the server's search.",
  publication: {
    authors: "Sun, Xu, Yin, Yang, Xu, Liu, Du, Chen, Roth",
    title: "FedBPT: Efficient Federated Black-box Prompt Tuning for Large Language Models",
    venue: "ICML",
    year: 2024,
    link: "https://arxiv.org/abs/2310.01467",
  },
  deviations,
  settings: fedBptSettings,
  rules: [
    {
      of: ["tuning", "strategy"],
      path: ["tuning", "method"],
      error: "FedBPT searches the z of a prompt P z: set tuning.method to projectedPrompt",
      holds: ({ tuning }) => searchedSizeOf(tuning) !== null,
    },
    {
      of: ["tuning", "strategy"],
      path: ["tuning", "head"],
      error: "FedBPT trains no weights, so no linear head either: set tuning.head to labelWords",
      holds: ({ tuning }) => tuning.head === "labelWords",
    },
    {
      of: ["tuning", "strategy"],
      path: ["strategy", "covariance"],
      error: `a whole covariance is kept of ${maxFullSize} coordinates at most: set strategy.covariance to diagonal, or lower tuning.dimension`,
      holds: ({ tuning, strategy }) => strategy.covariance === "diagonal" || (searchedSizeOf(tuning) ?? 0) <= maxFullSize,
    },
  ],
  takesRules: () => "none",
  backwardPasses: () => "none",
  needsSingleContributions: () => true,
  decisions,
  methods: {},
});
