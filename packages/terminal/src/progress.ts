import {
  type ExpectedStep,
  findExpected,
  formatBytes,
  formatSeconds,
  remainingSteps,
  type Stage,
  type StepPlace,
  type TaskKind,
} from "@tutti/core";

/** A step that has been done. */
export interface DoneStep extends StepPlace {
  readonly seconds: number;
}

/** Where a run stands. */
export interface RunProgress {
  readonly stage: Stage;
  readonly kind: TaskKind;
  readonly round: number;
  readonly numRounds: number;
  /** Share of the stage's steps that is done, with this one as far as it is. */
  readonly stageFraction: number;
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

function facts(progress: RunProgress): string[] {
  return [
    ...(progress.accuracy === null ? [] : [progress.accuracy]),
    `${formatBytes(progress.bytesUp)} up`,
    `${formatBytes(progress.bytesDown)} down`,
    ...(progress.secondsLeft === null ? [] : [`${formatSeconds(progress.secondsLeft)} left`]),
  ];
}

const activity = ({ kind }: RunProgress) => ({ score: "scoring", train: "training", probe: "probing", evaluate: "evaluating" })[kind];

/** The state of a run as one line of at most `columns` characters, with a bar over the steps of the stage. */
export function renderBar(progress: RunProgress, columns: number): string {
  const width = 24;
  const numFull = Math.round(Math.min(1, progress.stageFraction) * width);
  const bar = `${"█".repeat(numFull)}${"░".repeat(width - numFull)}`;
  const what = `${stageNames[progress.stage].padEnd(8)} ${bar} round ${progress.round}/${progress.numRounds}`;
  const task = `${activity(progress)} ${progress.numDone}/${progress.numTasks}`;
  return [what, task, ...facts(progress)].join(" · ").slice(0, Math.max(0, columns - 1));
}

/** Where a step that is done to a fraction stands among the steps of its stage. */
export function stageFraction(schedule: readonly ExpectedStep[], { stage, round, step }: StepPlace, fractionDone: number): number {
  const ofStage = schedule.filter((one) => one.stage === stage);
  const numBefore = ofStage.filter((one) => one.round < round || (one.round === round && one.step < step)).length;
  return (numBefore + fractionDone) / Math.max(1, ofStage.length);
}

/** The state of a run after a closed step, as a line of a log. */
export function renderLine(progress: RunProgress): string {
  return [
    `${stageNames[progress.stage]} round ${progress.round}/${progress.numRounds} ${activity(progress)} done`,
    ...facts(progress),
  ].join(", ");
}

/**
 * Seconds until the end: each remaining step takes as long for its work as the done steps of its kind took for theirs; a kind not yet seen
 * counts as the mean training step, or as the mean of everything before that. Null when nothing is done.
 */
export function estimateSecondsLeft(schedule: readonly ExpectedStep[], done: readonly DoneStep[]): number | null {
  if (done.length === 0) return null;
  const find = findExpected(schedule);
  const known = done.flatMap(({ seconds, ...place }) => {
    const step = find(place);
    return step === undefined ? [] : [{ seconds, kind: step.spec.kind, work: workOf(step) }];
  });
  const ofKind = (kind: TaskKind) => known.filter((step) => step.kind === kind);
  const trained = ofKind("train");
  const fallback = mean((trained.length > 0 ? trained : done).map(({ seconds }) => seconds));
  return remainingSteps(schedule, done).reduce((sum, step) => {
    const like = ofKind(step.spec.kind);
    if (like.length === 0) return sum + fallback;
    return sum + (workOf(step) * mean(like.map(({ seconds }) => seconds))) / mean(like.map(({ work }) => work));
  }, 0);
}

/** How much a step computes beside others of its kind: devices times what each does. */
function workOf({ spec, numDevices }: ExpectedStep): number {
  if (spec.kind === "train") return numDevices * spec.epochs;
  return numDevices * (spec.kind === "evaluate" ? spec.protocols.length : 1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
