import { z } from "zod";
import { deviations } from "../deviations.ts";
import { mapParams, type Params, zerosLike } from "../params.ts";
import { number } from "../settings/fields.ts";
import { combinedChange, contributionsOf, sentParams } from "./averaging.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { forwardTierSettings, passesWithTier, tierFits } from "./forwardTier/settings.ts";
import { globalModel } from "./globalModel.ts";
import { sentForm } from "./sentForm.ts";
import { serverRateSettings } from "./serverRates/table.ts";
import { under, withPrefix } from "./tensors.ts";

const settings = {
  optimizer: z.enum(["adam", "yogi"]).default("adam"),
  /** η, per round. η, β₁, β₂ and τ are those that the paper's appendix finds good over its tasks. */
  serverLearningRate: number(0, 100).default(0.01),
  beta1: number(0, 0.9999).default(0.9),
  beta2: number(0, 0.999999).default(0.99),
  /** τ, degree of adaptivity: it is added to the root, and v starts at τ². */
  tau: number(1e-9, 1e3).default(1e-3),
  ...serverRateSettings,
  ...forwardTierSettings,
};

/** Settings of FedAdam and FedYogi. */
export type FedOptSettings = StrategySettingsOf<"fedOpt", typeof settings>;

/** What the server's optimiser keeps, by parameter name. */
export interface ServerMoments {
  readonly m: Params;
  readonly v: Params;
}

const weightedByExamples = "Changes are weighted by examples, as in the paper's experiments; its Algorithm 2 has the plain mean.";
const listed = {
  deviations: [
    deviations.optimised,
    weightedByExamples,
    "The server's rate is 0.01 and τ 0.001, not tuned by task: with few rounds that keeps W near its start.",
  ],
  role: "other",
  travels: "all of them and the head",
  rates: { of: "pTuningV2" },
} as const;

/**
 * FedAdam and FedYogi (Reddi et al., 2021, https://arxiv.org/abs/2003.00295, Algorithm 2): the devices' mean change is the server's
 * pseudo-gradient. State beside W: `m/…` and `v/…`. Where Algorithm 2 writes the plain mean, changes are weighted by examples, as in
 * `fedAvg` and in the paper's own experiments.
 */
export const fedOpt = declareStrategy({
  name: "fedOpt",
  title: "FedOpt",
  about: "The server takes a step of Adam or Yogi along the devices' mean change.",
  publication: {
    authors: "Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar, McMahan",
    title: "Adaptive Federated Optimization",
    venue: "ICLR",
    year: 2021,
    link: "https://arxiv.org/abs/2003.00295",
  },
  deviations: [weightedByExamples],
  settings,
  laterSettings: ["forwardTier"],
  rules: [tierFits],
  takesRules: () => "all",
  backwardPasses: passesWithTier,
  needsSingleContributions: () => false,
  decisions: globalModel<FedOptSettings>({
    start({ tau }, sent) {
      const v = mapParams(sent, ({ shape, data }) => ({ shape, data: new Float32Array(data.length).fill(tau * tau) }));
      return { ...withPrefix("m/", zerosLike(sent)), ...withPrefix("v/", v) };
    },
    step({ values: { run }, tensors }, plan, contributions, serverLearningRate) {
      const trained = contributionsOf(contributions, "train");
      const change = combinedChange(run, trained);
      const before: ServerMoments = { m: under(tensors, "m/"), v: under(tensors, "v/") };
      const { params, moments } = stepServer(sentParams(plan), change, before, { ...run.strategy, serverLearningRate });
      const sent = sentForm(params, run.paramsEncoding);
      return { ...withPrefix("W/", sent), ...withPrefix("m/", moments.m), ...withPrefix("v/", moments.v) };
    },
    serverLearningRate: (own) => own.serverLearningRate,
  }),
  methods: {
    fedAdam: {
      ...listed,
      title: "FedAdam",
      trained: "prompts in every layer; the server takes a step of Adam along the devices' mean change",
      strategy: () => ({ optimizer: "adam" as const }),
    },
    fedYogi: {
      ...listed,
      title: "FedYogi",
      trained: "prompts in every layer; the server takes a step of Yogi along the devices' mean change",
      strategy: () => ({ optimizer: "yogi" as const }),
    },
  },
});

/**
 * m ← β₁m + (1−β₁)Δ; v ← β₂v + (1−β₂)Δ² (Adam) or v − (1−β₂)Δ² sign(v − Δ²) (Yogi); W ← W + η m / (√v + τ). No bias correction, as
 * published. Computed in float64, kept in f32.
 */
export function stepServer(
  sent: Params,
  change: Params,
  { m, v }: ServerMoments,
  settings: FedOptSettings,
): { params: Params; moments: ServerMoments } {
  const { beta1, beta2, tau, serverLearningRate } = settings;
  const nextM = mapParams(m, ({ shape, data }, name) => ({
    shape,
    data: data.map((value, i) => beta1 * value + (1 - beta1) * change[name].data[i]),
  }));
  const nextV = mapParams(v, ({ shape, data }, name) => ({
    shape,
    data: data.map((value, i) => stepSecondMoment(value, change[name].data[i] ** 2, beta2, settings.optimizer)),
  }));
  const params = mapParams(sent, ({ shape, data }, name) => ({
    shape,
    data: data.map((value, i) => value + (serverLearningRate * nextM[name].data[i]) / (Math.sqrt(nextV[name].data[i]) + tau)),
  }));
  return { params, moments: { m: nextM, v: nextV } };
}

function stepSecondMoment(value: number, square: number, beta2: number, optimizer: FedOptSettings["optimizer"]): number {
  if (optimizer === "adam") return beta2 * value + (1 - beta2) * square;
  return value - (1 - beta2) * square * Math.sign(value - square);
}
