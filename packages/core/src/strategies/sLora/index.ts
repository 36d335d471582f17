import { deviations } from "../../deviations.ts";
import { declareStrategy } from "../declaration.ts";
import { needsLora } from "../loraRule.ts";
import { decisions } from "./decisions.ts";
import { sLoraSettings, switchesWithinRun } from "./settings.ts";
import { switchWork } from "./switchWork.ts";

const own = [
  "The sparse rounds train the matrices that LoRA's targets name, not all weights of the model.",
  "One mask for all devices and rounds, drawn from the run's seed, so that values travel alone; the public program draws another on each device, and sends whole matrices.",
  "Optimisers start afresh at the switch, with the same learning rate.",
  "Where a difference has a lower rank than LoRA's, the other rows of A are made up, orthonormal, and those columns of B are 0.",
  "With more than 128 rows and columns the SVD is found by random draws.",
  "A linear head is averaged in both stages, where the run has one.",
] as const;

/**
 * SLoRA (Babakniya et al., 2023, https://arxiv.org/abs/2308.06522): a few per cent or less of the matrices' own elements are trained first; one SVD of
 * what they came to is where LoRA's factors start, beside the pretrained matrices.
 */
export const sLora = declareStrategy({
  name: "sLora",
  title: "SLoRA",
  about:
    "The first rounds train a small random share of the matrices' elements; an SVD of these differences is where LoRA's factors start.",
  publication: {
    authors: "Babakniya, Elkordy, Ezzeldin, Liu, Song, El-Khamy, Avestimehr",
    title: "SLoRA: Federated Parameter Efficient Fine-Tuning of Language Models",
    venue: "FL@FM-NeurIPS",
    year: 2023,
    link: "https://arxiv.org/abs/2308.06522",
  },
  deviations: own,
  settings: sLoraSettings,
  rules: [needsLora("sLora"), switchesWithinRun],
  takesRules: () => "all",
  needsSingleContributions: () => false,
  stepWork: switchWork,
  decisions,
  methods: {
    sLora: {
      deviations: [deviations.optimised, ...own, "At most half of the rounds are sparse."],
      tunes: "lora",
      role: "other",
      trained: "a hundredth of the elements of the query and value weights, then low-rank differences that start from them",
      travels: "those elements' values, then both factors; the head in all rounds",
      rates: [0.001, 0.003, 0.01],
      strategy: ({ sparseRounds }, { numRounds }) => ({ sparseRounds: Math.min(sparseRounds, Math.max(1, Math.floor(numRounds / 2))) }),
    },
  },
});
