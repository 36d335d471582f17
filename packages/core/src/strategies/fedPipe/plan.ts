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

/** A device's plan, with the names that its ranks are of. */
export type PlannedDevice = DevicePlan & {
  readonly deviceId: number;
  /** Of the round that it was made for. */
  readonly round: number;
};
