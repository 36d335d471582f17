import { portableLog } from "../portableMath.ts";

/** Which points of a population make the next mean, and how much each counts. */
export interface Recombination {
  /** Of the best point, the second, …; above 0, their sum 1. */
  readonly weights: readonly number[];
  /** μ_eff = 1 / Σ w². */
  readonly effectiveParents: number;
  /** λ. */
  readonly populationSize: number;
}

/** The better half of λ points, as in CMA-ES (Hansen: The CMA Evolution Strategy, A Tutorial, https://arxiv.org/abs/1604.00772). */
export function bestHalf(populationSize: number): Recombination {
  const numParents = Math.max(1, Math.floor(populationSize / 2));
  return recombination(populationSize, numParents, Math.max(populationSize / 2, numParents) + 0.5);
}

/** All points of a population, the better ones more, by the weights of a half of twice as many. */
export function everyPoint(populationSize: number): Recombination {
  return recombination(populationSize, populationSize, populationSize + 0.5);
}

function recombination(populationSize: number, numParents: number, end: number): Recombination {
  const raw = Array.from({ length: numParents }, (_, i) => portableLog(end) - portableLog(i + 1));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const weights = raw.map((weight) => weight / sum);
  return { weights, effectiveParents: 1 / weights.reduce((total, weight) => total + weight * weight, 0), populationSize };
}
