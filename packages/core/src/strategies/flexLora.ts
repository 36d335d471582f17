import { deviations } from "../deviations.ts";
import type { Params } from "../params.ts";
import type { Device } from "../task.ts";
import { loraPairs } from "../tunings/loraFactors.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { type GlobalModelSettings, type GlobalModelState, globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";
import { mergedStep, type TermsOf } from "./mergedStep.ts";
import { componentsOf, cutTo, type DeviceRanks, deviceRanks, rankOf, ranksWithinRun } from "./mixedRanks.ts";

/** Settings of FlexLoRA. */
export type FlexLoraSettings = StrategySettingsOf<"flexLora", typeof deviceRanks>;

/** Where strategies that merge products are not as published. */
export const mergingDeviations = [
  "Products are never formed: QR of the stacked factors and the SVD of the small matrix between give the same. With more than 128 components in a step the SVD is found by random draws.",
  "All ranks have one scale, the run's alpha over the run's rank.",
  "A device of a lower rank gets the leading components, the others as zeros, which travel too; everybody evaluates with the server's whole rank.",
  "A linear head is averaged, where the run has one.",
] as const;

/**
 * FlexLoRA (Bai et al., 2024, https://arxiv.org/abs/2402.11505): the server averages the products B_i A_i of whatever rank, weighted by
 * examples, and each device gets the leading components of the mean that its rank has room for.
 */
export const flexLora = declareStrategy({
  name: "flexLora",
  title: "FlexLoRA",
  about: "The server averages the products of the factors, and devices get the leading components of the mean, each as many as its rank.",
  publication: {
    authors: "Bai, Chen, Qian, Yao, Li",
    title: "Federated Fine-tuning of Large Language Models under Heterogeneous Tasks and Client Resources",
    venue: "NeurIPS",
    year: 2024,
    link: "https://arxiv.org/abs/2402.11505",
  },
  deviations: mergingDeviations,
  settings: deviceRanks,
  rules: [needsLora("flexLora"), ranksWithinRun],
  takesRules: ({ ranks }) => (ranks.length === 0 ? "wholeUpdates" : "clipping"),
  needsSingleContributions: () => true,
  decisions: globalModel<FlexLoraSettings>({
    sentTo: sentByRank,
    step: (state, plan, contributions) => mergedStep(state, { plan, contributions, termsOf: meanOfProducts(state.values.run.strategy) }),
  }),
  methods: {
    flexLora: {
      deviations: [deviations.optimised, ...mergingDeviations, "All devices have one rank, unless settings give them others."],
      tunes: "lora",
      role: "other",
      trained: "low-rank differences of the query and value weights",
      travels: "both factors of each and the head; the server merges the products and sends the leading components",
      rates: [0.001, 0.003, 0.01],
    },
  },
});

/** W with as many components as each device's rank has room for; one object for each rank. */
export function sentByRank<Settings extends GlobalModelSettings & DeviceRanks>(
  { values }: GlobalModelState<Settings>,
  sent: Params,
): (device: Device) => Params {
  const { strategy } = values.run;
  const cuts = new Map<number, Params>();
  return ({ id }) => {
    if (strategy.ranks.length === 0) return sent;
    const rank = rankOf(strategy, id, Number.POSITIVE_INFINITY);
    const cut = cuts.get(rank) ?? cutTo(sent, loraPairs(values.shape), rank);
    cuts.set(rank, cut);
    return cut;
  };
}

/** Σ p_i B_i A_i, p_i = n_i / Σ n_j. */
function meanOfProducts(settings: FlexLoraSettings): TermsOf {
  return (trained) => {
    const total = trained.reduce((sum, { numExamples }) => sum + numExamples, 0);
    return trained.map(({ deviceId, numExamples, ...factors }) => {
      const rank = rankOf(settings, deviceId, factors.a.shape[0]);
      return { weight: numExamples / total, ...componentsOf(factors, 0, rank) };
    });
  };
}
