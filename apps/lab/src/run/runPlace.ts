import type { ClientProfile, Params, RoundPlan } from "@tutti/core";
import type { KernelChoice } from "@tutti/model";
import type { RunRecord, RunUsage } from "@tutti/record";
import type { Coordinator, CoordinatorEvent, RunOutcome } from "@tutti/server";
import type { BackendChoice, Clients } from "../drive/clients.ts";
import type { RunLimits } from "./trouble.ts";

/** Where a run runs. */
export interface RunPlace {
  readonly publicDir: string;
  readonly pagesDir: string | null;
  /** Its coordinator keeps the journal there, in a folder that has the run's id for a name. */
  readonly folder: string;
  readonly host: string;
  /** The tabs keep their storage by address, so the same place has the same port. */
  readonly port: number;
  readonly clients: Clients;
  /** Clients of other machines that are waited for too. */
  readonly numRemote: number;
  readonly backend: BackendChoice;
  readonly threads: number;
  readonly kernels: KernelChoice;
  /** Machines that the clients simulate, by their number; nothing is simulated without them. */
  readonly fleet?: readonly ClientProfile[] | undefined;
  /** Answers that its report shows beside their references, of a task whose rows have an answer; none by default. */
  readonly numAnswers?: number | undefined;
  /** What Node is given to start a compute client (P-90); this process' own program with the command `compute` by default. */
  readonly computeCommand?: readonly string[] | undefined;
  /** Cores that are this run's. */
  readonly numCores: number;
  readonly limits: RunLimits;
  /** Of states after past rounds, to branch the run; the coordinator's own bound when absent. */
  readonly keepRoundsBytes?: number;
  /** Called before any client joins, which waits for what it returns. */
  onListening(coordinator: Coordinator): void | Promise<void>;
  /** Called once, when the first client has said what it computes on; the other clients wait for what it returns. */
  onBackend(backend: Exclude<BackendChoice, "auto">): void | Promise<void>;
  onEvent(event: CoordinatorEvent, coordinator: Coordinator): void;
  readonly signal: AbortSignal;
}

/** What a run that is over leaves to those who make a result of it. */
export interface DrivenRun {
  readonly outcome: RunOutcome;
  /** Null where it started from values drawn from its seed. */
  readonly origin: Coordinator["origin"];
  readonly backend: string;
  /** From the coordinator's start to the run's end, and the steps of earlier processes. */
  readonly totalSeconds: number;
  readonly usage: RunUsage;
  readonly faults: RunRecord["faults"];
  /** The last step that evaluated the global protocol on the test split; null where an earlier process planned it. */
  readonly lastEvaluation: RoundPlan | null;
  /** Every trained parameter of a newcomer by evaluated round, as far as this process planned the rounds. */
  readonly newcomers: ReadonlyMap<number, Params>;
}
