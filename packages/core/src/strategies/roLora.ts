import { deviations } from "../deviations.ts";
import { factorNames } from "../tunings/loraFactors.ts";
import { averagedStep } from "./averagedStep.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";

/** RoLoRA needs no settings. */
export type RoLoraSettings = StrategySettingsOf<"roLora", Record<never, never>>;

const own = [
  "B is trained in the first round and in every other one after it: as long as B is 0, A has no gradient.",
  "A linear head is trained and averaged in every round, where the run has one.",
];

/**
 * RoLoRA (Chen et al., 2025, https://arxiv.org/abs/2502.01755): devices train every B in one round and every A in the next, while the other
 * factor is frozen. In each round the mean of the products is the product of the means.
 */
export const roLora = declareStrategy({
  name: "roLora",
  title: "RoLoRA",
  about: "Devices train every B in odd rounds and every A in even ones; the server averages what was trained, weighted by examples.",
  publication: {
    authors: "Chen, Guo, Ju, Dalal, Zhu, Khisti",
    title: "Robust Federated Finetuning of LLMs via Alternating Optimization of LoRA",
    venue: "NeurIPS",
    year: 2025,
    link: "https://arxiv.org/abs/2502.01755",
  },
  deviations: own,
  settings: {},
  rules: [needsLora("roLora")],
  takesRules: () => "all",
  needsSingleContributions: () => false,
  decisions: globalModel<RoLoraSettings>({
    frozenNames: (shape, round) => factorNames(shape, round % 2 === 1 ? "a" : "b"),
    step: averagedStep,
  }),
  methods: {
    roLora: {
      deviations: [deviations.optimised, ...own],
      tunes: "lora",
      role: "other",
      trained: "the factors of LoRA's differences by turns, B in odd rounds and A in even ones",
      travels: "to the devices both factors and the head, back the trained ones and the head",
      rates: [0.001, 0.003, 0.01],
    },
  },
});
