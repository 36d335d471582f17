import { add, mapParams, type Params, type RandomStream, scale, sortedNames, subtract, weightedSum } from "@tutti/core";
import { normalQuantile } from "./normalQuantile.ts";

/** Mean of the updates and each value's standard deviation among them (n below). */
export interface UpdateStatistics {
  readonly mean: Params;
  readonly stdDev: Params;
}

/** What colluders know of honest updates: those that they made themselves. */
export function statisticsOf(updates: readonly Params[]): UpdateStatistics {
  const equal = updates.map(() => 1 / updates.length);
  const mean = weightedSum(updates, equal);
  const squares = updates.map((update) =>
    mapParams(subtract(update, mean), ({ shape, data }) => ({ shape, data: data.map((value) => value * value) })),
  );
  return { mean, stdDev: mapParams(weightedSum(squares, equal), ({ shape, data }) => ({ shape, data: data.map(Math.sqrt) })) };
}

/**
 * −λ u: an honest update turned round and made λ times as long (Li, Xu, Chen, Giannakis and Ling, RSA: Byzantine-Robust Stochastic Aggregation
 * Methods for Distributed Learning from Heterogeneous Datasets, AAAI 2019).
 */
export function signFlipped(honest: Params, factor: number): Params {
  return scale(honest, -factor);
}

/**
 * Every value from Normal(0, σ²) (Blanchard, El Mhamdi, Guerraoui and Stainer, Machine Learning with Adversaries: Byzantine Tolerant Gradient
 * Descent, NeurIPS 2017, who take σ = 200). Values are drawn in the order of the parameters' names.
 */
export function gaussian(honest: Params, stdDev: number, random: RandomStream): Params {
  const drawn = new Map(
    sortedNames(honest).map((name) => {
      const { shape, data } = honest[name] ?? { shape: [], data: new Float32Array() };
      return [name, { shape, data: data.map(() => stdDev * random.normal()) }] as const;
    }),
  );
  return mapParams(honest, (tensor, name) => drawn.get(name) ?? tensor);
}

/**
 * γ u, for an update u that learnt the backdoor beside the task: with γ = S / f the mean over S devices takes u over whole, as far as the others have
 * converged (model replacement: Bagdasaryan, Veit, Hua, Estrin and Shmatikov, How To Backdoor Federated Learning, AISTATS 2020, L̃ = γ (X − G) + G;
 * f devices share the work).
 */
export function scaledBackdoor(learnt: Params, factor: number): Params {
  return scale(learnt, factor);
}

/** γ = S / f. */
export function replacementFactor(cohortSize: number, numAttackers: number): number {
  return cohortSize / Math.max(1, numAttackers);
}

/**
 * μ − z σ, value by value, of honest updates (Baruch, Baruch and Goldberg, A Little Is Enough: Circumventing Defenses For Distributed Learning,
 * NeurIPS 2019; the sign is that of the authors' program).
 */
export function aLittleIsEnough({ mean, stdDev }: UpdateStatistics, z: number): Params {
  return subtract(mean, scale(stdDev, z));
}

/**
 * Their z, the most that hides f attackers among S devices: Φ(z) = (S − f − s) / (S − f), where s = ⌊S/2 + 1⌋ − f honest devices have to lie farther out. Never
 * below 0.
 */
export function hidingZ(cohortSize: number, numAttackers: number): number {
  const numSupporters = Math.floor(cohortSize / 2 + 1) - numAttackers;
  return Math.max(0, normalQuantile((cohortSize - numAttackers - numSupporters) / (cohortSize - numAttackers)));
}

/**
 * μ − γ σ with the largest γ whose greatest distance to an honest update is at most the greatest between two of them (min-max: Shejwalkar and
 * Houmansadr, Manipulating the Byzantine: Optimizing Model Poisoning Attacks and Defenses for Federated Learning, NDSS 2021, with ∇ᵖ = −std). γ is
 * found by their algorithm 1: from 50, with steps that halve.
 */
export function minMax(updates: readonly Params[], statistics = statisticsOf(updates)): Params {
  const { mean, stdDev } = statistics;
  const at = (gamma: number) => subtract(mean, scale(stdDev, gamma));
  const distances = updates.flatMap((a, i) => updates.slice(i + 1).map((b) => distance(a, b)));
  const most = distances.reduce((a, b) => Math.max(a, b), 0);
  const isHidden = (gamma: number) => {
    const sent = at(gamma);
    return updates.every((update) => distance(sent, update) <= most);
  };
  return at(largest(isHidden, { first: 50, precision: 1e-5 }));
}

/** Algorithm 1: the largest γ found to hold, 0 where none does. */
function largest(holds: (gamma: number) => boolean, { first, precision }: { readonly first: number; readonly precision: number }): number {
  let best = 0;
  let gamma = first;
  for (let step = first / 2; step > precision / 2; step /= 2) {
    const isHeld = holds(gamma);
    if (isHeld) best = gamma;
    gamma += isHeld ? step : -step;
  }
  return best;
}

function distance(a: Params, b: Params): number {
  const difference = add(a, scale(b, -1));
  return Math.sqrt(Object.values(difference).reduce((sum, { data }) => sum + data.reduce((part, value) => part + value * value, 0), 0));
}
