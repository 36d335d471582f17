import type { RandomStream } from "../random.ts";
import { bestHalf } from "./recombination.ts";
import { drawDisplacement, type SearchState, told } from "./search.ts";

/** How a device searches on its own from where the server's search stands. */
export interface LocalSearchOptions {
  /** Populations that are drawn and judged. */
  readonly numIterations: number;
  /** λ. */
  readonly populationSize: number;
  readonly random: RandomStream;
  /** The fitness of a point, lower being better; not finite where it cannot be told. */
  evaluate(point: Float64Array): Promise<number>;
  /** Told after each point how many were judged. */
  onPoint?(numJudged: number, fitness: number): void;
}

/** What a local search comes to. */
export interface LocalSearchResult {
  /** Its last mean, as the distance from the mean that it started from. */
  readonly displacement: Float64Array;
  /** Of the last mean. */
  readonly fitness: number;
  /** The root of the mean square of the step sizes that the populations were drawn with. */
  readonly stepSize: number;
}

/** Points that a local search judges: its populations and its last mean. */
export function numJudgedPoints({ numIterations, populationSize }: Pick<LocalSearchOptions, "numIterations" | "populationSize">): number {
  return numIterations * populationSize + 1;
}

/** How often a search task reads each of its examples: once for each point, and once more where that is beside a corrupted copy. */
export function passesOf(
  spec: Pick<LocalSearchOptions, "numIterations" | "populationSize"> & { readonly corruptFraction: number },
): number {
  return numJudgedPoints(spec) * (spec.corruptFraction > 0 ? 2 : 1);
}

/** CMA-ES from a copy of the search, which stays as it is. */
export async function searchLocally(start: SearchState, options: LocalSearchOptions): Promise<LocalSearchResult> {
  const { numIterations, populationSize, random, evaluate, onPoint } = options;
  const recombination = bestHalf(populationSize);
  let state = start;
  let numJudged = 0;
  let sumOfSquares = 0;
  const judged = async (point: Float64Array): Promise<number> => {
    const fitness = await evaluate(point);
    numJudged += 1;
    onPoint?.(numJudged, fitness);
    return fitness;
  };
  for (let iteration = 0; iteration < numIterations; iteration++) {
    const { mean, stepSize } = state;
    const displacements = Array.from({ length: populationSize }, () => drawDisplacement(state, random));
    const fitness: number[] = [];
    for (const displacement of displacements) fitness.push(await judged(displacement.map((value, i) => mean[i] + value)));
    sumOfSquares += stepSize * stepSize;
    state = told(state, displacements, fitness, recombination);
  }
  return {
    displacement: state.mean.map((value, i) => value - start.mean[i]),
    fitness: await judged(state.mean),
    stepSize: Math.sqrt(sumOfSquares / numIterations),
  };
}
