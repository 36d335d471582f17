import type { ClientProfile } from "@tutti/core";
import type { BackendName, KernelChoice } from "@tutti/model";
import type { AttackOrder } from "../attacks/attackOrder.ts";
import type { NoiseOrder } from "../noise/noisyTrainer.ts";

/** What clients compute on; `auto` is measured by the first of them. */
export type BackendChoice = BackendName | "auto";

/** Where clients are to join, and what they compute with. */
export interface JoinTarget {
  readonly url: string;
  readonly runId: string;
  /** Where client processes may keep their devices; tabs keep them in their profiles. */
  readonly folder: string;
  readonly backend: BackendChoice;
  readonly threads: number;
  readonly kernels: KernelChoice;
  /** A machine that the client is to simulate. */
  readonly machine?: ClientProfile | undefined;
  /** What some of the run's devices do to harm it; clients in tabs host honest devices alone. */
  readonly attack?: AttackOrder | undefined;
  /** What tensors of training tasks meet on their way; for clients in Node processes alone. */
  readonly noise?: NoiseOrder | undefined;
}

/** The clients of one run at a time, kept open from run to run. */
export interface Clients {
  readonly kind: "tabs" | "node";
  readonly count: number;
  /** Starts the first `count` clients, so that who joins need not wait for that; there need not be a run yet. A failure is told to who joins. */
  warmUp(count: number): void;
  /** Has client `index` join a run, whatever it did before. */
  join(index: number, target: JoinTarget): Promise<void>;
  /** Loads a client again in the middle of whatever it does. */
  reload(index: number): Promise<void>;
  /** A sentence when a client says that it cannot take part; null while all can. */
  failure(): Promise<string | null>;
  /** Processor time that all clients have used, in seconds; null where it cannot be read. */
  processorSeconds(): number | null;
  /** Closes every client, so that their storage is written out. */
  close(): Promise<void>;
}
