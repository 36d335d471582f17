import { deviations } from "../deviations.ts";
import { add, mapParams, type Params, scale, zerosLike } from "../params.ts";
import { fractionSchema, number } from "../settings/fields.ts";
import { combinedChange, contributionsOf, sentParams } from "./averaging.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { forwardTierSettings, passesWithTier, tierFits } from "./forwardTier/settings.ts";
import { globalModel } from "./globalModel.ts";
import { sentForm } from "./sentForm.ts";
import { serverRateSettings } from "./serverRates/table.ts";
import { under, withPrefix } from "./tensors.ts";

const settings = {
  /** η, per round. */
  serverLearningRate: number(0, 100).default(1),
  /** β. */
  serverMomentum: fractionSchema.default(0.9),
  ...serverRateSettings,
  ...forwardTierSettings,
};

/** Settings of federated averaging with momentum on the server. */
export type FedAvgMSettings = StrategySettingsOf<"fedAvgM", typeof settings>;

/**
 * FedAvgM (Hsu et al., 2019, https://arxiv.org/abs/1909.06335, §4.3): v ← βv + Δ, W ← W + ηv, where Δ is the devices' mean change weighted by
 * examples; with β = 0 and η = 1 it is `fedAvg`. State beside W: `V/…`.
 */
export const fedAvgM = declareStrategy({
  name: "fedAvgM",
  title: "FedAvgM",
  about: "The server moves along a running sum of the devices' mean changes, in which older ones fade.",
  publication: {
    authors: "Hsu, Qi, Brown",
    title: "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification",
    venue: "arXiv",
    year: 2019,
    link: "https://arxiv.org/abs/1909.06335",
  },
  deviations: [],
  settings,
  laterSettings: ["forwardTier"],
  rules: [tierFits],
  takesRules: () => "all",
  backwardPasses: passesWithTier,
  needsSingleContributions: () => false,
  decisions: globalModel<FedAvgMSettings>({
    start: (_, sent) => withPrefix("V/", zerosLike(sent)),
    step({ values: { run }, tensors }, plan, contributions, serverLearningRate) {
      const trained = contributionsOf(contributions, "train");
      const change = combinedChange(run, trained);
      const velocity = withMomentum(under(tensors, "V/"), change, run.strategy.serverMomentum);
      const moved = add(sentParams(plan), scale(velocity, serverLearningRate));
      return { ...withPrefix("W/", sentForm(moved, run.paramsEncoding)), ...withPrefix("V/", velocity) };
    },
    serverLearningRate: (own) => own.serverLearningRate,
  }),
  methods: {
    fedAvgM: {
      deviations: [
        deviations.optimised,
        "The server's rate is 1, as published, and β 0.9, one of the published values, not tuned by task.",
        deviations.prefixWithoutNetwork,
      ],
      role: "other",
      trained: "prompts in every layer, with momentum on the server",
      travels: "all of them and the head",
      rates: { of: "pTuningV2" },
    },
  },
});

/** βv + Δ. */
function withMomentum(velocity: Params, change: Params, momentum: number): Params {
  return mapParams(velocity, ({ shape, data }, name) => ({
    shape,
    data: data.map((value, i) => momentum * value + change[name].data[i]),
  }));
}
