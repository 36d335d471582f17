import { portableExp, portableLog } from "../portableMath.ts";
import type { RandomStream } from "../random.ts";
import {
  type CovarianceFactor,
  type CovarianceForm,
  identityFactor,
  type RankOneTerm,
  solveFactor,
  timesFactor,
  updatedFactor,
} from "./covarianceFactor.ts";
import type { Recombination } from "./recombination.ts";

/** Where a search by CMA-ES stands: it draws its next points from normal(mean, stepSize² C). */
export interface SearchState {
  readonly mean: Float64Array;
  /** σ. */
  readonly stepSize: number;
  /** Of C. */
  readonly factor: CovarianceFactor;
  /** p_c. */
  readonly pathOfCovariance: Float64Array;
  /** p_σ, in the factor's coordinates. */
  readonly pathOfStepSize: Float64Array;
  /** Updates so far. */
  readonly generation: number;
}

/** Where a search begins: at 0, alike in all directions. */
export function startSearch(size: number, covariance: CovarianceForm, stepSize: number): SearchState {
  return {
    mean: new Float64Array(size),
    stepSize,
    factor: identityFactor(covariance, size),
    pathOfCovariance: new Float64Array(size),
    pathOfStepSize: new Float64Array(size),
    generation: 0,
  };
}

/** A point's distance from the mean, in a draw of normal(0, stepSize² C). */
export function drawDisplacement({ factor, stepSize }: SearchState, random: RandomStream): Float64Array {
  const normals = Float64Array.from({ length: factor.size }, () => random.normal());
  return timesFactor(factor, normals).map((value) => stepSize * value);
}

/** How fast a search adapts; the names are those of the tutorial's table 1 (https://arxiv.org/abs/1604.00772). */
interface Constants {
  readonly cc: number;
  readonly cs: number;
  readonly c1: number;
  readonly cmu: number;
  readonly damps: number;
}

/** The defaults of pycma's `purecma` (https://github.com/CMA-ES/pycma); with a diagonal alone C learns (n + 2) / 3 times as fast (Ros and Hansen 2008). */
function constantsOf(size: number, form: CovarianceForm, { effectiveParents: mueff, populationSize }: Recombination): Constants {
  const n = size;
  const faster = form === "diagonal" ? (n + 2) / 3 : 1;
  const cs = (mueff + 2) / (n + mueff + 5);
  const c1 = Math.min(1, (faster * 2) / ((n + 1.3) * (n + 1.3) + mueff));
  return {
    cc: (4 + mueff / n) / (n + 4 + (2 * mueff) / n),
    cs,
    c1,
    cmu: Math.min(1 - c1, (faster * 2 * (mueff - 2 + 1 / mueff)) / ((n + 2) * (n + 2) + mueff)),
    damps: (2 * mueff) / populationSize + 0.3 + cs,
  };
}

/** Largest factor by which one update changes the step size, e. */
const largestLogStep = 1;

/**
 * The search after it was told points and their fitness, lower being better: equal ones count in the order given, NaN behind all. Each point is its distance from the
 * mean. `stepSize` is what the points were drawn with where that is not the search's own.
 */
export function told(
  state: SearchState,
  displacements: readonly ArrayLike<number>[],
  fitness: readonly number[],
  recombination: Recombination,
  stepSize = state.stepSize,
): SearchState {
  const { factor, generation } = state;
  const n = factor.size;
  const { weights, effectiveParents: mueff } = recombination;
  const { cc, cs, c1, cmu, damps } = constantsOf(n, factor.form, recombination);
  const parents = ranked(fitness)
    .slice(0, weights.length)
    .map((place) => Float64Array.from(displacements[place], (value) => value / stepSize));
  const step = weightedMean(parents, weights, n);
  const turned = solveFactor(factor, step);
  const stepGain = Math.sqrt(cs * (2 - cs) * mueff);
  const pathOfStepSize = state.pathOfStepSize.map((value, i) => (1 - cs) * value + stepGain * turned[i]);
  const square = pathOfStepSize.reduce((sum, value) => sum + value * value, 0) / n;
  const begun = 1 - portableExp(2 * (generation + 1) * portableLog(1 - cs)); // what a path that began at 0 has come to
  const isSteady = square / begun < 2 + 4 / (n + 1);
  const pathGain = isSteady ? Math.sqrt(cc * (2 - cc) * mueff) : 0;
  const pathOfCovariance = state.pathOfCovariance.map((value, i) => (1 - cc) * value + pathGain * step[i]);
  const lost = isSteady ? c1 : c1 * (1 - cc * (2 - cc));
  const terms: RankOneTerm[] = [
    { weight: c1, vector: pathOfCovariance },
    ...parents.map((vector, i) => ({ weight: cmu * weights[i], vector })),
  ];
  return {
    mean: state.mean.map((value, i) => value + stepSize * step[i]),
    stepSize: stepSize * portableExp(Math.min(largestLogStep, ((cs / damps) * (square - 1)) / 2)),
    factor: updatedFactor(factor, 1 - lost - cmu, terms),
    pathOfCovariance,
    pathOfStepSize,
    generation: generation + 1,
  };
}

/** Places from the best to the worst. */
export function ranked(fitness: readonly number[]): number[] {
  const worth = fitness.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value));
  return fitness.map((_, i) => i).sort((a, b) => (worth[a] === worth[b] ? a - b : worth[a] - worth[b]));
}

function weightedMean(vectors: readonly Float64Array[], weights: readonly number[], size: number): Float64Array {
  const out = new Float64Array(size);
  vectors.forEach((vector, k) => {
    for (let i = 0; i < size; i++) out[i] += weights[k] * vector[i];
  });
  return out;
}
