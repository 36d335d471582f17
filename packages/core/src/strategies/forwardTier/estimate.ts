import type { ForwardSpec } from "../../forwardWork.ts";
import { mapParams, norm, numValues, type Params, scale as scaled, shapesOf, subtract, weightedSum, zerosLike } from "../../params.ts";
import { perturbedOffsets } from "../../perturbation/numbering.ts";
import { addSigns } from "../../perturbation/signs.ts";
import type { Contribution, RoundPlan } from "../../task.ts";
import { type ContributionOf, contributionsOf, exampleWeights, sentParams } from "../averaging.ts";

/** The one tensor that a device sends which computes forward passes alone: a slope for each direction. */
export const slopes = "slopes";

/** What gradient devices' changes of a round are like. */
export type ChangeScale = {
  /** ℓ², the mean of ‖Δ_i‖². */
  readonly lengthSquared: number;
  /** τ², the variance between devices of the Δ_i. */
  readonly spreadSquared: number;
};

/** The seed of direction j. */
export function directionSeed({ seed }: Pick<ForwardSpec, "seed">, j: number): number {
  return (seed + j) >>> 0;
}

/** Σ s_j v_j over parameters like these: m times the estimate of the gradient, which is right on average since E[v vᵀ] = I. */
export function summedDirections(like: Params, measured: Float32Array, spec: Pick<ForwardSpec, "seed">): Params {
  const offsets = perturbedOffsets(shapesOf(like));
  return mapParams(like, ({ shape, data }, name) => {
    const sum = new Float32Array(data.length);
    for (let j = 0; j < measured.length; j++) addSigns(sum, measured[j], { seed: directionSeed(spec, j), offset: offsets[name] });
    return { shape, data: sum };
  });
}

/**
 * ℓ² and τ² of gradient devices, weighted by examples; no change counts as longer than three quarters of the devices say theirs are, since ℓ is how far devices go that
 * measure, in later rounds, too. τ² is Σ p_i ‖Δ_i − Δ̄‖² / (1 − Σ p_i²), which is right on average; of a single device nothing tells it, and it
 * counts as ℓ².
 */
export function scaleOf(trained: readonly ContributionOf<"train">[]): ChangeScale {
  const weights = exampleWeights(trained);
  const deltas = noLongerThanOthers(trained.map(({ body }) => body.delta));
  const mean = weightedSum(deltas, weights);
  const sum = (value: (delta: Params) => number) => deltas.reduce((total, delta, i) => total + weights[i] * value(delta), 0);
  const lengthSquared = sum((delta) => norm(delta) ** 2);
  const rest = 1 - weights.reduce((total, weight) => total + weight * weight, 0);
  const spreadSquared = rest < 1e-9 ? lengthSquared : sum((delta) => norm(subtract(delta, mean)) ** 2) / rest;
  return { lengthSquared, spreadSquared };
}

function noLongerThanOthers(deltas: readonly Params[]): readonly Params[] {
  const lengths = deltas.map(norm);
  const most = lengths.toSorted((a, b) => a - b)[deltas.length - 1 - Math.floor(deltas.length / 4)];
  return deltas.map((delta, i) => (lengths[i] <= most ? delta : scaled(delta, most / lengths[i])));
}

/**
 * How much of its examples a device counts with that measured m directions of d values: τ² / (τ² + σ²). A gradient device's change differs from the mean of all by
 * τ² alone; a measured one by σ² = ℓ² (d − 1) / m more, since E‖ĝ − g‖² = ‖g‖² (d − 1) / m for ±1 directions.
 */
export function countedShare({ lengthSquared, spreadSquared }: ChangeScale, numDirections: number, size: number): number {
  const variance = (lengthSquared * (size - 1)) / numDirections;
  return variance === 0 ? 1 : spreadSquared / (spreadSquared + variance);
}

/** What a round's contributions come to where some devices measured. */
export interface CountedRound {
  /** Changes of all devices; those of measuring ones are made from their slopes, with as many examples as they count with. */
  readonly contributions: readonly Contribution[];
  /** Of this round's gradient devices, or of the last round that had some; undefined before there was one. */
  readonly scale: ChangeScale | undefined;
}

/**
 * Turns slopes into changes (after FwdLLM, https://arxiv.org/abs/2308.13894, whose rounds hold nothing but these). A device's change is −ℓ ĝ / ‖g‖, where ‖g‖² is the mean
 * of its squared slopes: so long is a gradient device's change on average, and no claim makes it longer. Without a gradient device since the run began there is no ℓ,
 * and nothing moves.
 */
export function countSlopes(plan: RoundPlan, contributions: readonly Contribution[], before: ChangeScale | undefined): CountedRound {
  const measuring = new Map(plan.tasks.flatMap(({ deviceId, spec }) => (isMeasured(spec) ? [[deviceId, spec.forward] as const] : [])));
  const all = contributionsOf(contributions, "train");
  const trained = all.filter(({ deviceId }) => !measuring.has(deviceId));
  const scale = trained.length === 0 ? before : scaleOf(trained);
  if (trained.length === all.length) return { contributions, scale };
  const sent = sentParams(plan);
  const size = numValues(sent);
  return {
    scale,
    contributions: all.map((one) => {
      const spec = measuring.get(one.deviceId);
      if (spec === undefined) return one;
      const share = trained.length === 0 || scale === undefined ? 1 : countedShare(scale, spec.numDirections, size);
      const delta = scale === undefined ? zerosLike(sent) : changeFrom(one.body.delta[slopes].data, { sent, spec, scale });
      return { ...one, numExamples: one.numExamples * share, body: { ...one.body, delta } };
    }),
  };
}

function isMeasured(spec: RoundPlan["tasks"][number]["spec"]): spec is typeof spec & { readonly forward: ForwardSpec } {
  return spec.kind === "train" && spec.forward !== undefined;
}

interface ChangeOptions {
  readonly sent: Params;
  readonly spec: ForwardSpec;
  readonly scale: ChangeScale;
}

/** −ℓ ĝ / ‖g‖; 0 where no direction has a slope. */
function changeFrom(measured: Float32Array, { sent, spec, scale }: ChangeOptions): Params {
  const numDirections = measured.length;
  const gradientSquared = measured.reduce((sum, slope) => sum + slope * slope, 0) / numDirections;
  if (gradientSquared === 0) return zerosLike(sent);
  const factor = -Math.sqrt(scale.lengthSquared / gradientSquared) / numDirections;
  return mapParams(summedDirections(sent, measured, spec), ({ shape, data }) => ({ shape, data: data.map((value) => factor * value) }));
}
