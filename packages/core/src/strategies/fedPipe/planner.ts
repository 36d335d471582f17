import type { Lack } from "../../sayings.ts";
import { formatBytes, formatSeconds } from "../../units.ts";
import {
  activationMemory,
  type BackboneCost,
  type Bits,
  baseBytes,
  baseMemory,
  bytesPerAdapterValue,
  type RoundWork,
  roundTime,
} from "./costs.ts";
import type { DevicePlan } from "./plan.ts";
import type { ClientMachine } from "./profile.ts";
import type { RankTable } from "./rankTable.ts";

/** What a run lets the planner choose from, and the limits that it must keep. */
export interface PlanningLimits {
  readonly backbone: BackboneCost;
  /** Bits that there are backbones for. */
  readonly bits: readonly Bits[];
  readonly batchSizes: readonly number[];
  /** T, of one round on one device. */
  readonly roundSeconds: number;
  /** Of the backbone's download, once. */
  readonly downloadSeconds: number;
}

/** Why there is no plan: a sentence, and the same as figures. */
export interface NoPlan {
  readonly refused: string;
  readonly lack: Lack;
}

/** A plan, or why there is none. */
export type Planned = { readonly plan: DevicePlan } | NoPlan;

/**
 * The plan with the largest Σ score(rank) under a client's memory and the round's time: bits and batch size are enumerated, ranks come from the
 * table. Of equal sums the one with more bits, then with the larger batch.
 */
export function planDevice(table: RankTable, machine: ClientMachine, work: RoundWork, limits: PlanningLimits): Planned {
  let best: { readonly plan: DevicePlan; readonly score: number } | null = null;
  for (const bits of descending(limits.bits)) {
    if (downloadTime(limits, machine, bits) > limits.downloadSeconds) continue;
    for (const batchSize of descending(limits.batchSizes)) {
      const { maxValues, fixedMemory, time } = roomFor({ bits, batchSize }, machine, work, limits);
      const chosen = table.best(maxValues);
      if (chosen === null || (best !== null && chosen.score <= best.score)) continue;
      const { ranks, numValues, score } = chosen;
      const seconds = time.fixed + time.perValue * numValues;
      const memoryBytes = fixedMemory + bytesPerAdapterValue * numValues;
      best = {
        score,
        plan: { bits, batchSize, ranks, numValues, seconds, memoryBytes, underUse: 1 - seconds / limits.roundSeconds, machine },
      };
    }
  }
  return best === null ? whyNone(table, machine, work, limits) : { plan: best.plan };
}

/** The most bits whose smallest plan fits a client's memory and download, before anything is known of its rate; or why none does. */
export function bitsFor(fewestValues: number, machine: ClientMachine, work: RoundWork, limits: PlanningLimits): Bits | NoPlan {
  const batchSize = Math.min(...limits.batchSizes);
  const fits = descending(limits.bits).find(
    (bits) => downloadTime(limits, machine, bits) <= limits.downloadSeconds && smallest(bits, batchSize) <= machine.memoryBytes,
  );
  return fits ?? shortOf(limits, machine, smallest);

  function smallest(bits: Bits, batch: number): number {
    const { backbone } = limits;
    const fixed = baseMemory(backbone, bits, machine.baseForm) + activationMemory(backbone, batch, work.numTokens);
    return fixed + bytesPerAdapterValue * fewestValues;
  }
}

/** How many values may be trained: what memory and time leave over. */
function roomFor(
  { bits, batchSize }: Pick<DevicePlan, "bits" | "batchSize">,
  machine: ClientMachine,
  work: RoundWork,
  { backbone, roundSeconds }: PlanningLimits,
) {
  const fixedMemory = baseMemory(backbone, bits, machine.baseForm) + activationMemory(backbone, batchSize, work.numTokens);
  const time = roundTime(backbone, machine, work, batchSize);
  const inMemory = (machine.memoryBytes - fixedMemory) / bytesPerAdapterValue;
  return { fixedMemory, time, maxValues: Math.min(inMemory, (roundSeconds - time.fixed) / time.perValue) };
}

function whyNone({ fewestValues }: RankTable, machine: ClientMachine, work: RoundWork, limits: PlanningLimits): NoPlan {
  const memory = bitsFor(fewestValues, machine, work, limits);
  if (typeof memory === "object") return memory;
  const batchSize = Math.max(
    ...limits.batchSizes.filter(
      (size) => roomFor({ bits: memory, batchSize: size }, machine, work, limits).fixedMemory <= machine.memoryBytes,
    ),
  );
  const { fixed, perValue } = roundTime(limits.backbone, machine, work, batchSize);
  const needed = fixed + perValue * fewestValues;
  const refused = `the smallest plan takes ${formatSeconds(needed)} a round on this machine (${work.numExamples} examples at ${rate(machine)}), but a round may take ${formatSeconds(limits.roundSeconds)}: give the device fewer examples, or raise roundSeconds`;
  return { refused, lack: { of: "roundTime", needed, available: limits.roundSeconds } };
}

function shortOf(limits: PlanningLimits, machine: ClientMachine, smallest: (bits: Bits, batch: number) => number): NoPlan {
  const fewest = Math.min(...limits.bits) as Bits;
  const waiting = downloadTime(limits, machine, fewest);
  if (waiting > limits.downloadSeconds) {
    const refused = `the smallest backbone (${fewest} bits, ${formatBytes(baseBytes(limits.backbone, fewest))}) takes ${formatSeconds(waiting)} to download at ${formatBytes(machine.bytesPerSecond)}/s, but it may take ${formatSeconds(limits.downloadSeconds)}: raise downloadSeconds, or take a faster link`;
    return { refused, lack: { of: "downloadTime", needed: waiting, available: limits.downloadSeconds } };
  }
  const needed = smallest(fewest, Math.min(...limits.batchSizes));
  const refused = `the smallest plan (${fewest} bits, one matrix) needs ${formatBytes(needed)} of memory, and this machine has ${formatBytes(machine.memoryBytes)} for it: close other tabs, use a machine with more, or give the run a smaller backbone`;
  return { refused, lack: { of: "memory", needed, available: machine.memoryBytes } };
}

function downloadTime({ backbone }: PlanningLimits, { bytesPerSecond }: ClientMachine, bits: Bits): number {
  return baseBytes(backbone, bits) / bytesPerSecond;
}

function rate({ flopsPerSecond }: ClientMachine): string {
  return `${(flopsPerSecond / 1e9).toPrecision(3)} Gflop/s`;
}

function descending<T extends number>(values: readonly T[]): T[] {
  return [...values].sort((a, b) => b - a);
}
