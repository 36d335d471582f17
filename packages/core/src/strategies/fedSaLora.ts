import { deviations } from "../deviations.ts";
import { factorNames } from "../tunings/loraFactors.ts";
import { averagedStep } from "./averagedStep.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";

/** FedSA-LoRA needs no settings. */
export type FedSaLoraSettings = StrategySettingsOf<"fedSaLora", Record<never, never>>;

const own = [
  "A linear head is averaged beside A, where the run has one.",
  "A newcomer has no B yet: it is evaluated with the B of 0 that devices start from.",
];

/**
 * FedSA-LoRA (Guo et al., 2024, https://arxiv.org/abs/2410.01463): devices train A and B; A travels and is averaged, and B stays where it is
 * trained, from round to round.
 */
export const fedSaLora = declareStrategy({
  name: "fedSaLora",
  title: "FedSA-LoRA",
  about: "Devices train both factors; the server averages every A, weighted by their examples, and every B stays on its device.",
  publication: {
    authors: "Guo, Zeng, Wang, Fan, Wang, Qu",
    title: "Selective Aggregation for Low-Rank Adaptation in Federated Learning",
    venue: "ICLR",
    year: 2025,
    link: "https://arxiv.org/abs/2410.01463",
  },
  deviations: own,
  settings: {},
  rules: [needsLora("fedSaLora")],
  takesRules: () => "all",
  needsSingleContributions: () => false,
  decisions: globalModel<FedSaLoraSettings>({
    ownNames: (shape) => factorNames(shape, "b"),
    step: averagedStep,
  }),
  methods: {
    fedSaLora: {
      deviations: [deviations.optimised, ...own],
      tunes: "lora",
      role: "other",
      trained: "both factors of LoRA's differences, each B by its device for itself",
      travels: "the factors A and the head; every B stays on its device",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
