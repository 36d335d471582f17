import type { Stage, TaskKind } from "@tutti/core";
import { formatBytes, formatSeconds } from "./format.ts";

/** A step that is still to come, or that has been done in so many seconds. */
export interface ScheduledStep {
  readonly stage: Stage;
  readonly kind: TaskKind;
}

/** Where a run stands. */
export interface Progress {
  readonly stage: Stage;
  readonly kind: TaskKind;
  readonly round: number;
  readonly numRounds: number;
  /** Tasks of this step that are in, of so many. */
  readonly numDone: number;
  readonly numTasks: number;
  /** The last measured accuracy, such as `personalised 0.61`. */
  readonly accuracy: string | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Expected; null before anything was measured. */
  readonly secondsLeft: number | null;
}

const stageNames: Record<Stage, string> = { score: "scoring", count: "counting", train: "training" };

function facts(progress: Progress): string[] {
  return [
    ...(progress.accuracy === null ? [] : [progress.accuracy]),
    `${formatBytes(progress.bytesUp)} up`,
    `${formatBytes(progress.bytesDown)} down`,
    ...(progress.secondsLeft === null ? [] : [`${formatSeconds(progress.secondsLeft)} left`]),
  ];
}

const activity = ({ kind }: Progress) => ({ score: "scoring", train: "training", probe: "probing", evaluate: "evaluating" })[kind];

/** The state of a run as one line of at most `columns` characters, with a bar over the rounds of the stage. */
export function renderBar(progress: Progress, columns: number): string {
  const fraction = (progress.round - 1 + progress.numDone / Math.max(1, progress.numTasks)) / Math.max(1, progress.numRounds);
  const width = 24;
  const numFull = Math.round(Math.min(1, fraction) * width);
  const bar = `${"█".repeat(numFull)}${"░".repeat(width - numFull)}`;
  const what = `${stageNames[progress.stage].padEnd(8)} ${bar} round ${progress.round}/${progress.numRounds}`;
  const task = `${activity(progress)} ${progress.numDone}/${progress.numTasks}`;
  return [what, task, ...facts(progress)].join(" · ").slice(0, Math.max(0, columns - 1));
}

/** The state of a run after a closed step, as a line of a log. */
export function renderLine(progress: Progress): string {
  return [
    `${stageNames[progress.stage]} round ${progress.round}/${progress.numRounds} ${activity(progress)} done`,
    ...facts(progress),
  ].join(", ");
}

/**
 * Seconds until the end: each remaining step takes as long as the mean of the done steps of its kind;
 * a kind not yet seen counts as a training step, or as the mean of everything before that. Null when nothing is done.
 */
export function estimateSecondsLeft(
  done: readonly (ScheduledStep & { readonly seconds: number })[],
  remaining: readonly ScheduledStep[],
): number | null {
  if (done.length === 0) return null;
  const mean = (steps: readonly { readonly seconds: number }[]) =>
    steps.length === 0 ? null : steps.reduce((sum, { seconds }) => sum + seconds, 0) / steps.length;
  const ofKind = (kind: TaskKind) => mean(done.filter((step) => step.kind === kind));
  const fallback = ofKind("train") ?? mean(done) ?? 0;
  return remaining.reduce((sum, { kind }) => sum + (ofKind(kind) ?? fallback), 0);
}
