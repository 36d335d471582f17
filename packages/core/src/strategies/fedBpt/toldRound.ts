import { solveFactor } from "../../cmaEs/covarianceFactor.ts";
import { everyPoint } from "../../cmaEs/recombination.ts";
import { ranked, type SearchState, told } from "../../cmaEs/search.ts";
import { inF32 } from "../../cmaEs/searchTensors.ts";
import type { SearchSpec } from "../../forwardWork.ts";
import { createTensor, type Params } from "../../params.ts";

/** What decides how a round's claims change the search; a part of each task, so that devices can follow. */
export type TellingSettings = Pick<SearchSpec, "numIterations" | "populationSize" | "stepSizeRule" | "initialStepSize">;

/** What a round told the server, one row for each device that counted, in device order. */
export interface ToldRound {
  /** Distance of the device's last mean from the round's. */
  readonly displacements: readonly Float32Array[];
  readonly fitness: readonly number[];
  /** Root mean square of the device's step sizes. */
  readonly stepSizes: readonly number[];
}

/** The largest factor that step sizes leave their first value by. */
const largestStretch = 1000;

/**
 * The search after a round: the devices' means are the server's population, with the step size that they were drawn with; the devices' own step size then changes by as
 * much as that one did (FedBPT, https://arxiv.org/abs/2310.01467, §3). In f32, so that devices which are told the same come to the same bits.
 */
export function afterRound(state: SearchState, round: ToldRound, settings: TellingSettings): SearchState {
  const drawnWith = correctedStepSize(round, settings);
  const next = told(state, round.displacements, round.fitness, everyPoint(round.fitness.length), drawnWith);
  const { initialStepSize } = settings;
  const stepSize = state.stepSize * (next.stepSize / drawnWith);
  const [least, most] = [initialStepSize / largestStretch, initialStepSize * largestStretch];
  return isSound(next) ? inF32({ ...next, stepSize: Math.min(most, Math.max(least, stepSize)) }) : state;
}

/** Magnitudes beyond which a search has broken down; f32 holds them, and their products in f64 are far from its ends. */
const largestSound = 1e15;

/** Whether a search can go on: no round of claims, whatever they are, may take a run to numbers that cannot be stored. */
function isSound({ mean, pathOfCovariance, pathOfStepSize, factor, stepSize }: SearchState): boolean {
  const isWithin = (value: number) => Math.abs(value) <= largestSound; // false for NaN
  return isWithin(stepSize) && [mean, pathOfCovariance, pathOfStepSize, factor.values].every((values) => values.every(isWithin));
}

/**
 * σ' over all iterations of a round. `published` is the publication's equation 6, 2 √(Σ_{better half} Σ_j σ_kj² / (K λ)); `program` its program's
 * √(Σ_k Σ_j σ_kj² / K / μ) with the devices' μ = ⌊λ / 2⌋.
 */
export function correctedStepSize(
  { fitness, stepSizes }: ToldRound,
  { numIterations, populationSize, stepSizeRule }: TellingSettings,
): number {
  const squares = stepSizes.map((value) => numIterations * value * value);
  const counted =
    stepSizeRule === "program"
      ? squares
      : ranked(fitness)
          .slice(0, Math.max(1, Math.floor(squares.length / 2)))
          .map((place) => squares[place]);
  const numParents = stepSizeRule === "program" ? Math.floor(populationSize / 2) : populationSize / 2;
  return Math.sqrt(counted.reduce((sum, value) => sum + value, 0) / counted.length / numParents);
}

/**
 * The claims as they count: no mean is further away, in the search's own measure, and no step size larger or smaller, than three quarters of the devices say theirs are. So
 * the worst of a quarter of the devices move the search no further than others do, whatever fitness they claim.
 */
export function withinOthers(state: SearchState, { displacements, fitness, stepSizes }: ToldRound): ToldRound {
  const lengths = displacements.map((one) => lengthOf(solveFactor(state.factor, one)));
  const mostLength = largestThatCounts(lengths);
  const mostStep = largestThatCounts(stepSizes);
  const leastStep = Math.min(mostStep, -largestThatCounts(stepSizes.map((value) => -value)));
  return {
    fitness,
    stepSizes: stepSizes.map((value) => Math.fround(Math.max(leastStep, Math.min(value, mostStep)))),
    displacements: displacements.map((one, k) => (lengths[k] <= mostLength ? one : one.map((value) => (value * mostLength) / lengths[k]))),
  };
}

/** The ⌊¾ K⌋-th smallest of K values. */
function largestThatCounts(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.floor(0.75 * sorted.length)) - 1];
}

function lengthOf(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** A round as tensors in f32. */
export function toldTensors({ displacements, fitness, stepSizes }: ToldRound): Params {
  const numDevices = fitness.length;
  const size = displacements[0].length;
  const all = new Float32Array(numDevices * size);
  displacements.forEach((one, k) => {
    all.set(one, k * size);
  });
  return {
    fitness: createTensor([numDevices], Float32Array.from(fitness)),
    moves: createTensor([numDevices, size], all),
    steps: createTensor([numDevices], Float32Array.from(stepSizes)),
  };
}

/** The inverse of `toldTensors`; throws where tensors are missing or no two fit. */
export function toldRoundOf(tensors: Params, size: number): ToldRound {
  const { fitness, moves, steps } = tensors;
  const numDevices = fitness?.data.length ?? 0;
  if (numDevices === 0 || steps?.data.length !== numDevices || moves?.data.length !== numDevices * size)
    throw new Error(`a round of the search: needs fitness, steps and moves of ${size} coordinates for each device`);
  return {
    fitness: [...fitness.data],
    stepSizes: [...steps.data],
    displacements: Array.from({ length: numDevices }, (_, k) => moves.data.slice(k * size, (k + 1) * size)),
  };
}
