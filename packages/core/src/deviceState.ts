import type { Params } from "./params.ts";
import type { Stage } from "./task.ts";

/** What a device keeps between tasks, and a client's store or the coordinator keeps for it; survives a structured clone. */
export interface DeviceState {
  /** Every trained parameter that stays on the device; {} for none. */
  readonly local: Params;
  /** AdamW's moments and step counter by parameter name; null when they start at zero in every task. */
  readonly moments: { readonly m: Params; readonly v: Params; readonly step: number } | null;
  /** Optimiser steps taken in the stage this state belongs to; the warm-up counts them. */
  readonly stageSteps: number;
  /** The stage of the train task that left this state; in another stage everything in it starts from the beginning. Absent before the first. */
  readonly stage?: Stage;
  /** The components that the moments are of, as the task had them; absent where a run's components stay alive. */
  readonly live?: readonly number[];
}
