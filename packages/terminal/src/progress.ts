import { formatBytes, formatSeconds, type Stage, type TaskKind } from "@tutti/core";

/** Where a run stands. */
export interface RunProgress {
  readonly stage: Stage;
  readonly kind: TaskKind;
  readonly round: number;
  readonly numRounds: number;
  /** Share of the stage's steps that is done, with this one as far as it is. */
  readonly stageFraction: number;
  /** Tasks of this step that are in, and how many there are. */
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

const activities = {
  score: "scoring",
  train: "training",
  probe: "probing",
  evaluate: "evaluating",
  search: "searching",
  edit: "editing the prompt",
  perturb: "trying perturbations",
  logits: "reading with the large model",
  distil: "distilling",
  answers: "answering",
} as const;

const activity = ({ kind }: RunProgress) => activities[kind];

/** The state of a run as one line of at most `columns` characters, with a bar over the steps of the stage. */
export function renderBar(progress: RunProgress, columns: number): string {
  const width = 24;
  const numFull = Math.round(Math.min(1, progress.stageFraction) * width);
  const bar = `${"█".repeat(numFull)}${"░".repeat(width - numFull)}`;
  const what = `${stageNames[progress.stage].padEnd(8)} ${bar} round ${progress.round}/${progress.numRounds}`;
  const task = `${activity(progress)} ${progress.numDone}/${progress.numTasks}`;
  return [what, task, ...facts(progress)].join(" · ").slice(0, Math.max(0, columns - 1));
}

/** The state of a run after a closed step, as a line of a log. */
export function renderLine(progress: RunProgress): string {
  return [
    `${stageNames[progress.stage]} round ${progress.round}/${progress.numRounds} ${activity(progress)} done`,
    ...facts(progress),
  ].join(", ");
}
