import { deviations } from "../deviations.ts";
import { factorNames } from "../tunings/loraFactors.ts";
import { averagedStep } from "./averagedStep.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";

/** FFA-LoRA needs no settings. */
export type FfaLoraSettings = StrategySettingsOf<"ffaLora", Record<never, never>>;

const own = [
  "A is frozen at the values that LoRA starts from here, normal ones; B starts at 0.",
  "A linear head is trained and averaged beside B, where the run has one.",
];

/**
 * FFA-LoRA (Sun et al., 2024, https://arxiv.org/abs/2403.12313): A keeps its first values everywhere, and devices train B alone. So the mean of the
 * products B_i A is the product of the mean, which averaging both factors is not.
 */
export const ffaLora = declareStrategy({
  name: "ffaLora",
  title: "FFA-LoRA",
  about: "Every A stays as it was drawn; devices train every B, which the server averages, weighted by their examples.",
  publication: {
    authors: "Sun, Li, Li, Ding",
    title: "Improving LoRA in Privacy-preserving Federated Learning",
    venue: "ICLR",
    year: 2024,
    link: "https://arxiv.org/abs/2403.12313",
  },
  deviations: own,
  settings: {},
  rules: [needsLora("ffaLora")],
  takesRules: () => "all",
  needsSingleContributions: () => false,
  decisions: globalModel<FfaLoraSettings>({
    frozenNames: (shape) => factorNames(shape, "a"),
    step: averagedStep,
  }),
  methods: {
    ffaLora: {
      deviations: [deviations.optimised, ...own, "Nothing is made private by noise, which the publication is about too."],
      tunes: "lora",
      role: "other",
      trained: "the factors B of LoRA's differences; the factors A keep their first values",
      travels: "the factors B and the head; the factors A go to the devices and never back",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
