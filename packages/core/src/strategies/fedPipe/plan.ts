import type { Lack } from "../../sayings.ts";
import type { Bits } from "./costs.ts";
import type { ClientMachine } from "./profile.ts";

/** What one client is to train, and how. */
export type DevicePlan = {
  readonly bits: Bits;
  readonly batchSize: number;
  /** In the order of the matrices; 0 where a matrix is not trained. */
  readonly ranks: readonly number[];
  /** Trained values. */
  readonly numValues: number;
  /** Expected of a round. */
  readonly seconds: number;
  readonly memoryBytes: number;
  /** 1 − seconds / roundSeconds. */
  readonly underUse: number;
  /** What the client claimed, from which this follows. */
  readonly machine: ClientMachine;
};

/** A client's machine with the backbone that it was given. */
export interface DeviceMachine extends ClientMachine {
  readonly bits: Bits;
}

/** A device's latest plan. */
export type PlannedDevice = DevicePlan & {
  readonly deviceId: number;
  /** Of the round that it was made for. */
  readonly round: number;
};

/** A device that no plan fits in a round, and a sentence that says why and what to do. */
export interface LeftOut {
  readonly deviceId: number;
  readonly reason: string;
  /** The same as figures; absent in older journals. */
  readonly lack?: Lack;
}

/** What of a step's plan says what each device is to train. */
interface StepPlans {
  readonly round: number;
  readonly tasks: readonly { readonly deviceId: number; readonly plan?: DevicePlan }[];
}

/** The latest plan of each device after those of one more step, in the order of the devices. */
export function plansAfter(before: readonly PlannedDevice[], { round, tasks }: StepPlans): PlannedDevice[] {
  const made = tasks.flatMap(({ deviceId, plan }) => (plan === undefined ? [] : [{ deviceId, round, ...plan }]));
  const kept = before.filter(({ deviceId }) => !made.some((one) => one.deviceId === deviceId));
  return [...kept, ...made].sort((a, b) => a.deviceId - b.deviceId);
}

/** How many matrices have which rank: `8 × 12, 4 × 3, none × 9`. */
export function ranksText(ranks: readonly number[]): string {
  const counts = new Map<number, number>();
  for (const rank of ranks) counts.set(rank, (counts.get(rank) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => b - a)
    .map(([rank, count]) => `${rank === 0 ? "none" : rank} × ${count}`)
    .join(", ");
}
