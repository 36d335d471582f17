import { type BenchRow, median, missingRow, row } from "../rows.ts";

/** What is read here of a line of `rounds.jsonl`. */
export interface TimedStep {
  readonly stage: string;
  readonly kind: string;
  /** Seconds times tabs; records from before it was kept lack it. */
  readonly clientSeconds?: {
    readonly holding: number;
    readonly possible: number;
    readonly open: number;
  };
}

const parts = [
  { name: "training and counting", kind: "train", goal: { atLeast: 85 } },
  { name: "the probe", kind: "probe", goal: { atLeast: 80 } },
] as const;

/** How far tabs held a task, in percent of the time in which tasks of the step could have been theirs, by kind of step; the median over the runs. */
export function busyRows(runs: readonly (readonly TimedStep[])[]): BenchRow[] {
  return parts.map(({ name, kind, goal }) => {
    const label = `demo, tabs hold a task during ${name}`;
    const shares = runs.flatMap((steps) => heldShare(steps, kind) ?? []);
    const ofOpen = runs.flatMap((steps) => heldShare(steps, kind, "open") ?? []);
    if (shares.length === 0) return missingRow(label, "%", "the records of its steps do not say it", goal);
    return {
      ...row(label, 100 * median(shares), "%", goal),
      note: `${Math.round(100 * median(ofOpen))} % of the time in which a task waited for them`,
    };
  });
}

/** Seconds times tabs with a task, divided by those in which there was one for them; null where no step of the kind says it. */
export function heldShare(steps: readonly TimedStep[], kind: string, beside: "possible" | "open" = "possible"): number | null {
  const told = steps.flatMap((step) => (step.kind === kind && step.clientSeconds !== undefined ? [step.clientSeconds] : []));
  const sum = (of: "holding" | "possible" | "open") => told.reduce((total, seconds) => total + seconds[of], 0);
  return told.length === 0 || sum(beside) === 0 ? null : sum("holding") / sum(beside);
}
