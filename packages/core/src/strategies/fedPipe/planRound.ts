import type { Encoding } from "../../settings/fields.ts";
import type { Device, DeviceId } from "../../task.ts";
import { loraPairs } from "../../tunings/loraFactors.ts";
import type { StrategyRun } from "../strategy.ts";
import type { RoundWork } from "./costs.ts";
import type { DevicePlan } from "./plan.ts";
import { type NoPlan, planDevice } from "./planner.ts";
import { type RankTable, rankTable, scoredMatrix } from "./rankTable.ts";
import { batchSizesOf, type FedPipeSettings } from "./settings.ts";
import type { FedPipeState } from "./state.ts";

/** Plans of a round by device, and why others have none. A device whose client said nothing of its machine is in neither. */
export interface PlannedRound {
  readonly plans: ReadonlyMap<DeviceId, DevicePlan>;
  readonly refusals: ReadonlyMap<DeviceId, NoPlan>;
}

const bytesPerValue: Record<Encoding, number> = { f32: 4, f16: 2, int8: 1 };

/** A device's work in one round of this run, as the planner counts it. */
export function workOf({ training, contributionEncoding, strategy }: StrategyRun<FedPipeSettings>, numExamples: number): RoundWork {
  const { localEpochs, localSteps } = training;
  return { numExamples, localEpochs, localSteps, numTokens: strategy.tokensPerText, bytesPerValue: bytesPerValue[contributionEncoding] };
}

/** A plan for every device of the roster whose client said what its machine can do. */
export function planRound(state: FedPipeState, roster: readonly Device[]): PlannedRound {
  const { run, shape } = state.values;
  const { backbone } = shape;
  const [plans, refusals] = [new Map<DeviceId, DevicePlan>(), new Map<DeviceId, NoPlan>()];
  if (backbone === undefined) return { plans, refusals };
  const { strategy, training } = run;
  const table = tableOf(state);
  const batchSizes = batchSizesOf(training.batchSize, strategy.minBatch);
  for (const { id, numExamples, machine } of roster) {
    if (machine === undefined) continue;
    const { bits, ...claimed } = machine;
    const limits = { backbone, bits: [bits], batchSizes, roundSeconds: strategy.roundSeconds, downloadSeconds: Number.POSITIVE_INFINITY };
    const outcome = planDevice(table.ranks, claimed, workOf(run, numExamples), limits);
    if ("plan" in outcome) plans.set(id, { ...outcome.plan, ranks: table.spread(outcome.plan.ranks) });
    else refusals.set(id, outcome);
  }
  return { plans, refusals };
}

/** Ranks of the selected matrices, and how they spread over all of them. */
function tableOf({ values, tensors }: FedPipeState): { readonly ranks: RankTable; spread(ranks: readonly number[]): number[] } {
  const { run, shape, matrixScores, selected } = values;
  const pairs = loraPairs(shape);
  const kept = selected ?? pairs.map((_, j) => j);
  const matrices = kept.map((j) => {
    const { a, b } = pairs[j];
    return scoredMatrix({ a: tensors[`W/${a}`], b: tensors[`W/${b}`] }, b, matrixScores?.[j] ?? 1);
  });
  return {
    ranks: rankTable(matrices, run.strategy.ranks),
    spread: (ranks) => pairs.map((_, j) => (kept.includes(j) ? ranks[kept.indexOf(j)] : 0)),
  };
}
