import { addSigns, directionSeed, type ForwardSpec, mapParams, type Params, perturbedOffsets, shapesOf } from "@tutti/core";
import type { StepProgress } from "../trainer.ts";
import type { Tuned } from "./gradient.ts";
import { meanLoss } from "./meanLoss.ts";
import type { EncodedExample } from "./objective.ts";

/** How slopes are measured. */
export interface SlopeMeasuring {
  readonly spec: ForwardSpec;
  onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What directions are like at the parameters. */
export interface MeasuredSlopes {
  /** (directions): (loss(W + ε v) − loss(W − ε v)) / 2ε. */
  readonly slopes: Float32Array;
  /** Mean of all losses, which are taken around W. */
  readonly loss: number;
}

/** The loss's slope along each direction of the task, by two forward passes over the examples (after FwdLLM, https://arxiv.org/abs/2308.13894). */
export async function measureSlopes(
  tuned: Tuned,
  params: { readonly all: Params; readonly perturbed: readonly string[] },
  examples: readonly EncodedExample[],
  { spec, onStep, signal }: SlopeMeasuring,
): Promise<MeasuredSlopes> {
  const { numDirections, perturbation } = spec;
  const slopes = new Float32Array(numDirections);
  const moved = movedAlong(params.all, params.perturbed);
  let sum = 0;
  for (let j = 0; j < numDirections; j++) {
    const seed = directionSeed(spec, j);
    const ahead = await meanLoss(tuned, moved(seed, perturbation), examples, signal);
    const behind = await meanLoss(tuned, moved(seed, -perturbation), examples, signal);
    slopes[j] = (ahead - behind) / (2 * perturbation);
    if (!Number.isFinite(slopes[j])) throw new Error(`the slope along direction ${j + 1} of ${numDirections} is ${slopes[j]}`);
    sum += ahead + behind;
    onStep?.({ step: j + 1, numSteps: numDirections, loss: (ahead + behind) / 2 });
  }
  return { slopes, loss: sum / (2 * numDirections) };
}

/** The parameters, of which some are moved by ± this much along a seed's signs. */
function movedAlong(all: Params, perturbed: readonly string[]) {
  const own = Object.fromEntries(perturbed.map((name) => [name, all[name]]));
  const offsets = perturbedOffsets(shapesOf(own));
  return (seed: number, amount: number): Params => ({
    ...all,
    ...mapParams(own, ({ shape, data }, name) => {
      const values = data.slice();
      addSigns(values, amount, { seed, offset: offsets[name] });
      return { shape, data: values };
    }),
  });
}
