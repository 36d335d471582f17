import type { Params } from "../../params.ts";
import type { LoraPair } from "../../tunings/loraFactors.ts";
import type { SvdTriplet } from "../../tunings/svdTriplets.ts";

/** Sensitivity of every value over a device's steps (AdaLoRA, Zhang et al., 2023, https://arxiv.org/abs/2303.10512, equations 8 to 10). */
export interface Sensitivity {
  /** Ī, |w · ∂L/∂w| smoothed. */
  readonly mean: Float64Array;
  /** U, |I − Ī| smoothed. */
  readonly uncertainty: Float64Array;
}

/** β₁ and β₂ as in AdaLoRA's code. */
const [meanKept, uncertaintyKept] = [0.85, 0.85];

/** Before the first step. */
export function noSensitivity(numValues: number): Sensitivity {
  return { mean: new Float64Array(numValues), uncertainty: new Float64Array(numValues) };
}

/** After one more step with these values and their gradient. */
export function addSensitivity(before: Sensitivity, values: ArrayLike<number>, gradient: ArrayLike<number>): Sensitivity {
  const next = noSensitivity(before.mean.length);
  for (let i = 0; i < next.mean.length; i++) {
    const found = Math.abs(values[i] * gradient[i]);
    next.mean[i] = meanKept * before.mean[i] + (1 - meanKept) * found;
    next.uncertainty[i] = uncertaintyKept * before.uncertainty[i] + (1 - uncertaintyKept) * Math.abs(found - next.mean[i]);
  }
  return next;
}

/** Ī · U of each value. */
export function sensitivityScores({ mean, uncertainty }: Sensitivity): Float32Array {
  return Float32Array.from(mean, (value, i) => value * uncertainty[i]);
}

/**
 * A score for each pair of factors, under the name of its b: its components' added up, a component's being the mean score of its column of b and
 * of its row of a.
 */
export function matrixScores(scores: Params, pairs: readonly LoraPair[]): Record<string, number> {
  return Object.fromEntries(
    pairs.map(({ a, b }) => {
      const total = (name: string) => scores[name].data.reduce((sum, value) => sum + value, 0);
      return [b, total(b) / scores[b].shape[0] + total(a) / scores[a].shape[1]];
    }),
  );
}

/**
 * A score for each component of differences P diag(e) Q, under the name of their e: that of its value of e and the mean scores of its column of P and
 * of its row of Q.
 */
export function componentScores(scores: Params, triplets: readonly SvdTriplet[]): Record<string, number[]> {
  return Object.fromEntries(
    triplets.map(({ p, e, q }) => {
      const [rank] = scores[e].shape;
      const [[numRows], [, numColumns]] = [scores[p].shape, scores[q].shape];
      const totals = Array.from(scores[e].data, (own, c) => {
        let [ofP, ofQ] = [0, 0];
        for (let row = 0; row < numRows; row++) ofP += scores[p].data[row * rank + c];
        for (let column = 0; column < numColumns; column++) ofQ += scores[q].data[c * numColumns + column];
        return own + ofP / numRows + ofQ / numColumns;
      });
      return [e, totals];
    }),
  );
}

/** What one device found, and n_i. */
export interface DeviceScores {
  readonly numExamples: number;
  readonly scores: Readonly<Record<string, number>>;
}

/**
 * Σ p_i · share of score mass. Each device's scores are made shares of 1 first, so that no device decides alone by large numbers; one whose scores
 * are all 0, missing or not numbers says nothing.
 */
export function pooledScores(devices: readonly DeviceScores[], names: readonly string[]): number[] {
  const shares = devices.flatMap(({ numExamples, scores }) => {
    const own = names.map((name) => (Number.isFinite(scores[name]) ? Math.max(0, scores[name]) : 0));
    const total = own.reduce((sum, score) => sum + score, 0);
    return total > 0 && Number.isFinite(total) ? [{ numExamples, own: own.map((score) => score / total) }] : [];
  });
  const all = shares.reduce((sum, { numExamples }) => sum + numExamples, 0);
  if (all === 0) return names.map(() => 1 / names.length);
  return names.map((_, j) => shares.reduce((sum, { numExamples, own }) => sum + (numExamples / all) * own[j], 0));
}

/** The matrices with the highest scores that together have at least `mass` of all, in ascending order of their places; of equal ones the earlier. */
export function selectByMass(scores: readonly number[], mass: number): number[] {
  const order = scores.map((_, j) => j).sort((a, b) => scores[b] - scores[a] || a - b);
  const wanted = mass * scores.reduce((sum, score) => sum + score, 0);
  const kept: number[] = [];
  let sum = 0;
  for (const j of order) {
    if (kept.length > 0 && sum >= wanted * (1 - 1e-12)) break;
    kept.push(j);
    sum += scores[j];
  }
  return kept.sort((a, b) => a - b);
}
