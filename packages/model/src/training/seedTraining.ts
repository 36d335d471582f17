import { inSteps, type Movement, moveAtOnce, type Params, type PerturbSpec, type RandomStream, scalars } from "@tutti/core";
import type { StepProgress } from "../trainer.ts";
import type { Tuned } from "./gradient.ts";
import { meanLoss } from "./meanLoss.ts";
import type { EncodedExample } from "./objective.ts";

/** Parameters that can be tried a perturbation away from where they are. */
export interface PerturbedModel {
  /** Mean loss at θ + amount · z, z being the seed's signs. */
  lossAt(movement: Movement, examples: readonly EncodedExample[], signal: AbortSignal | undefined): Promise<number>;
  /** θ ← θ + amount · z. */
  move(movement: Movement): void;
  /** Takes back every movement that was made of somebody else's parameters. */
  restore(): void;
}

/** How a device tries perturbations. */
export interface SeedTraining {
  readonly spec: Pick<PerturbSpec, "places" | "perturbation" | "learningRate" | "maxScalar" | "pool">;
  /** Of the pool. */
  readonly seeds: Uint32Array;
  readonly batchSize: number;
  readonly shuffle: RandomStream;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a device's perturbations come to. */
export interface SeedTrainingResult {
  readonly scalars: Float32Array;
  readonly numSkipped: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/**
 * Zeroth-order steps along a pool's seeds (FedKSeed, https://arxiv.org/abs/2312.06353): g = (L(θ + ε z) − L(θ − ε z)) / 2ε on one batch, then θ ← θ − η g z. A step whose
 * losses are not finite is skipped. All amounts are multiples of the grid's step, so that no sum is rounded.
 */
export async function trainBySeeds(
  model: PerturbedModel,
  examples: readonly EncodedExample[],
  { spec, seeds, batchSize, shuffle, onStep, signal }: SeedTraining,
): Promise<SeedTrainingResult> {
  const { places, perturbation, learningRate, maxScalar, pool } = spec;
  const stepSize = 2 ** -pool.gridBits;
  const onGrid = (value: number) => inSteps(value, pool.gridBits) * stepSize;
  const epsilon = Math.max(stepSize, onGrid(perturbation));
  const batches = batchesOf(examples, batchSize, shuffle);
  const found = new Float32Array(places.length);
  const losses: number[] = [];
  for (const [step, place] of places.entries()) {
    const seed = seeds[place];
    if (seed === undefined) throw new Error(`${scalars}: step ${step + 1} is along seed ${place} of ${seeds.length}`);
    const batch = batches.next().value;
    const above = await model.lossAt({ seed, amount: epsilon }, batch, signal);
    const below = await model.lossAt({ seed, amount: -epsilon }, batch, signal);
    const loss = (above + below) / 2;
    if (Number.isFinite(loss)) {
      losses.push(loss);
      found[step] = Math.max(-maxScalar, Math.min(maxScalar, (above - below) / (2 * epsilon)));
      model.move({ seed, amount: onGrid(-learningRate * found[step]) });
    }
    onStep?.({ step: step + 1, numSteps: places.length, loss });
  }
  const [firstLoss, lastLoss] = [losses[0], losses[losses.length - 1]];
  if (firstLoss === undefined || lastLoss === undefined)
    throw new Error(`the loss of step ${places.length} is not finite, as that of every step before it: nothing can be learnt from here`);
  return { scalars: found, numSkipped: places.length - losses.length, firstLoss, lastLoss };
}

/** Batches without end, from one random order of the examples after another. */
function* batchesOf(examples: readonly EncodedExample[], batchSize: number, shuffle: RandomStream): Generator<EncodedExample[], never> {
  let order: EncodedExample[] = [];
  for (;;) {
    if (order.length === 0) order = shuffle.shuffle(examples);
    yield order.splice(0, batchSize);
  }
}

/** Parameters few enough to be perturbed on the CPU and handed to the backend for each pass. */
export function perturbedParams(tuned: Tuned, start: Params): PerturbedModel {
  const copyOf = (params: Params): Params =>
    Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  const current = copyOf(start);
  return {
    lossAt(movement, examples, signal) {
      const tried = copyOf(current);
      moveAtOnce(tried, [movement]);
      return meanLoss(tuned, tried, examples, signal);
    },
    move: (movement) => moveAtOnce(current, [movement]),
    restore: () => undefined,
  };
}
