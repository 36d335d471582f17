import { mapParams, type Params, weightedSum, zerosLike } from "../params.ts";
import type { FedOptSettings, RunSettings } from "../run.ts";
import { contributionsOf, exampleWeights, sentParams } from "./averaging.ts";
import { globalModel } from "./globalModel.ts";
import { sentForm } from "./sentForm.ts";
import { under, withPrefix } from "./tensors.ts";

/** What the server's optimiser keeps, by parameter name. */
export interface ServerMoments {
  readonly m: Params;
  readonly v: Params;
}

/**
 * FedAdam and FedYogi (Reddi et al., 2021, https://arxiv.org/abs/2003.00295, Algorithm 2): the devices' mean change is the server's
 * pseudo-gradient. State beside W: `m/…` and `v/…`. Where Algorithm 2 writes the plain mean, changes are weighted by examples, as in
 * `fedAvg` and in the paper's own experiments.
 */
export const fedOpt = globalModel({
  start(run, sent) {
    const { tau } = settingsOf(run);
    const v = mapParams(sent, ({ shape, data }) => ({ shape, data: new Float32Array(data.length).fill(tau * tau) }));
    return { ...withPrefix("m/", zerosLike(sent)), ...withPrefix("v/", v) };
  },
  step({ values: { run }, tensors }, plan, contributions) {
    const trained = contributionsOf(contributions, "train");
    const change = weightedSum(
      trained.map(({ body }) => body.delta),
      exampleWeights(trained),
    );
    const before: ServerMoments = { m: under(tensors, "m/"), v: under(tensors, "v/") };
    const { params, moments } = stepServer(sentParams(plan), change, before, settingsOf(run));
    const sent = sentForm(params, run.paramsEncoding);
    return { ...withPrefix("W/", sent), ...withPrefix("m/", moments.m), ...withPrefix("v/", moments.v) };
  },
  serverLearningRate: (run) => settingsOf(run).serverLearningRate,
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

function settingsOf({ strategy }: RunSettings): FedOptSettings {
  if (strategy.name !== "fedOpt") throw new Error(`strategy fedOpt: the run is set to ${strategy.name}`);
  return strategy;
}
