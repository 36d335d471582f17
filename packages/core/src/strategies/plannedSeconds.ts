import { workOfTask } from "../localSteps.ts";
import { sizeOf } from "../params.ts";
import type { Encoding } from "../settings/fields.ts";
import type { PlannedTask } from "../task.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { type RoundWork, roundTime } from "./fedPipe/costs.ts";
import type { ClientMachine } from "./fedPipe/profile.ts";
import type { StrategyRun } from "./strategy.ts";

/** Of a value that travels. */
export const bytesPerValue: Record<Encoding, number> = { f32: 4, f16: 2, int8: 1 };

/** What a task is part of. */
export interface PlannedIn {
  readonly run: Pick<StrategyRun, "contributionEncoding">;
  readonly shape: TunedShape;
  /** Of a text, on average. */
  readonly tokensPerText: number;
}

/**
 * What the planner's costs say of a training task on a machine, whatever the strategy: the frozen layers cost half as much on the way forward alone,
 * and gradients go back as far as something is trained. Null for other tasks, and where the backbone's sizes are not known.
 */
export function plannedSeconds(
  { spec, expects, plan }: PlannedTask,
  machine: ClientMachine,
  { run, shape, tokensPerText }: PlannedIn,
): number | null {
  if (plan !== undefined) return plan.seconds;
  const { backbone, layerNames } = shape;
  if (spec.kind !== "train" || backbone === undefined) return null;
  const work: RoundWork = {
    numExamples: expects.numExamples,
    ...workOfTask(spec),
    numTokens: tokensPerText,
    bytesPerValue: bytesPerValue[run.contributionEncoding],
  };
  const { fixed, perValue } = roundTime(backbone, machine, work, expects.batchSize);
  const lowest = layerNames.findIndex((names) => names.some((name) => Object.hasOwn(expects.shapes, name)));
  const depth = lowest === -1 ? layerNames.length : layerNames.length - lowest;
  const numValues = Object.values(expects.shapes).reduce((sum, size) => sum + sizeOf(size), 0);
  return fixed * shareOfPasses(depth, layerNames.length) + perValue * numValues;
}

/** Share of a pass forward and back through all layers that is needed where the uppermost `depth` of them are trained. */
export function shareOfPasses(depth: number, numLayers: number): number {
  return numLayers === 0 ? 1 : (1 + depth / numLayers) / 2;
}
