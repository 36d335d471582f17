import type { ClientSeconds, StepRecord } from "./stepRecord.ts";

/** What the time of a run goes into: its stages, with the probes of the counting stage and the evaluations of all stages apart. */
export const runPhases = ["score", "count", "probe", "train", "evaluate"] as const;

/** One of them. */
export type RunPhase = (typeof runPhases)[number];

/** How far clients had something to do in some steps; each share is null where nothing was measured. */
export interface BusyShares {
  /** Time in which clients held a task, of the time in which the steps could have kept them busy: as many as there are, or as the step has tasks. */
  readonly ofPossible: number | null;
  /** The same, of the time in which there was a task for them that was not done. */
  readonly ofOpen: number | null;
  /** The same, of the time of all clients. */
  readonly ofPresent: number | null;
}

/** The phase that a step is part of. */
export function phaseOf({ stage, kind }: Pick<StepRecord, "stage" | "kind">): RunPhase {
  return kind === "evaluate" || kind === "probe" ? kind : stage;
}

/** The share of time that clients hold a task in the steps of these phases, gaps between two steps included. */
export function busyShares(steps: readonly StepRecord[], phases: readonly RunPhase[] = runPhases): BusyShares {
  const measured = steps.flatMap((step) =>
    step.clientSeconds !== undefined && phases.includes(phaseOf(step)) ? [step.clientSeconds] : [],
  );
  const sum = (name: keyof ClientSeconds) => measured.reduce((total, seconds) => total + seconds[name], 0);
  const share = (name: keyof ClientSeconds) => (sum(name) > 0 ? sum("holding") / sum(name) : null);
  return { ofPossible: share("possible"), ofOpen: share("open"), ofPresent: share("present") };
}
