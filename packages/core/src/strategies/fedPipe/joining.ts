import type { Params } from "../../params.ts";
import { loraPairs } from "../../tunings/loraFactors.ts";
import type { TunedShape } from "../../tunings/tuned.ts";
import type { StrategyRun } from "../strategy.ts";
import { allBits, type Bits } from "./costs.ts";
import { bitsFor, type NoPlan, planDevice } from "./planner.ts";
import { workOf } from "./planRound.ts";
import type { ClientMachine } from "./profile.ts";
import { rankTable, scoredMatrix } from "./rankTable.ts";
import { batchSizesOf, type FedPipeSettings } from "./settings.ts";

/** What a run trains, and a client that joins it. */
export interface Joining {
  readonly run: StrategyRun<FedPipeSettings>;
  readonly shape: TunedShape;
  readonly initial: Params;
  /** As far as it is known before anything is loaded; an unknown rate does not bind. */
  readonly machine: Omit<ClientMachine, "flopsPerSecond"> & { readonly flopsPerSecond?: number | undefined };
}

/** The bits of the backbone that a client's plan names when every matrix matters alike, or a sentence that says why no plan fits. */
export function bitsOnJoining({
  run,
  shape,
  initial,
  machine,
}: Joining): Bits | NoPlan | { readonly refused: string; readonly lack?: undefined } {
  const { strategy, training } = run;
  const { backbone } = shape;
  if (backbone === undefined) return { refused: "the backbone's tensors are not known, so its memory cannot be planned" };
  const pairs = loraPairs(shape);
  const matrices = pairs.map(({ a, b }) => scoredMatrix({ a: initial[a], b: initial[b] }, b, 1));
  const table = rankTable(matrices, strategy.ranks);
  const claimed = { ...machine, flopsPerSecond: machine.flopsPerSecond ?? Number.MAX_VALUE };
  const { roundSeconds, downloadSeconds, minBatch } = strategy;
  const bits = strategy.bits.length === 0 ? allBits : strategy.bits;
  const limits = { backbone, bits, batchSizes: batchSizesOf(training.batchSize, minBatch), roundSeconds, downloadSeconds };
  const work = workOf(run, 1); // how many examples its devices will have is not known yet: time is looked at for each round
  const outcome = planDevice(table, claimed, work, limits);
  return "plan" in outcome ? outcome.plan.bits : bitsFor(table.fewestValues, claimed, work, limits);
}
