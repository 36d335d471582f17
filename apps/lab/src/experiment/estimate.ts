import { countSeen, formatCount, type Protocol, passesOf, type RunSettings, sourcePromptsOf, workOfTask } from "@tutti/core";
import { type RunRecord, scheduleOf } from "@tutti/record";
import type { PlannedRun } from "./plannedRun.ts";

/** Seconds on one core. */
export interface Calibration {
  readonly task: string;
  /** What was measured. */
  readonly backbone: string;
  readonly tuning: RunSettings["tuning"]["method"];
  /** Of training one example once. */
  readonly trainSeconds: number;
  /** Of predicting one example. */
  readonly predictSeconds: number;
  /** Mean characters of the task's texts, which the seconds go with. */
  readonly meanCharacters: number;
  readonly numTrain: number;
  readonly numEvaluated: number;
}

/** How much there is of a task. */
export interface TaskSize {
  readonly task: string;
  readonly meanCharacters: number;
  readonly numTrain: number;
  /** Rows of the validation and the test split. */
  readonly numEvaluated: number;
  readonly numTest: number;
}

/** How much a run computes, in examples. */
export interface RunWork {
  /** Examples trained on, each as often as it is. */
  readonly trained: number;
  /** Examples predicted, likewise. */
  readonly predicted: number;
}

/** What a whole experiment is expected to take. */
export interface Estimate {
  readonly numRuns: number;
  readonly seconds: number;
  readonly diskBytes: number;
  /** What it rests on, as part of a sentence. */
  readonly basis: string;
}

/** Seconds a run takes beside its computing: coordinator, pages, backbone, admission. */
const startSeconds = 8;
/** Share of a run's tabs that compute while the step's last devices are awaited. */
const busyFraction = 0.85;

/** The examples that a run's steps go through. */
export function workOf(run: RunSettings, size: Pick<TaskSize, "numTrain" | "numEvaluated" | "numTest">): RunWork {
  const { batchSize } = run.training;
  const perDevice = size.numTrain / run.numDevices;
  let trained = 0;
  let predicted = 0;
  for (const { spec, numDevices } of scheduleOf(run)) {
    if (spec.kind === "train") trained += numDevices * countSeen(perDevice, { ...workOfTask(spec), batchSize });
    // a product with the Hessian is two gradients
    if (spec.kind === "probe") trained += 2 * numDevices * spec.lanczosSteps * batchSize;
    if (spec.kind === "search") predicted += numDevices * Math.min(perDevice, spec.maxExamples) * passesOf(spec);
    if (spec.kind === "edit") predicted += numDevices * (Math.min(perDevice, spec.maxExamples) + spec.maxPublic) * (spec.numTrials + 1);
    if (spec.kind === "perturb") predicted += 2 * numDevices * spec.places.length * Math.min(perDevice, batchSize);
    if (spec.kind === "score") predicted += numDevices * Math.max(batchSize, spec.minBatch);
    if (spec.kind === "evaluate") predicted += spec.protocols.reduce((sum, protocol) => sum + rowsOf(protocol, size), 0);
  }
  return { trained, predicted };
}

/** What all devices together predict: everybody's rows, or those of the test split that are each one's own. */
function rowsOf(protocol: Protocol, size: Pick<TaskSize, "numEvaluated" | "numTest">): number {
  return protocol === "personalised" ? size.numTest : size.numEvaluated;
}

/** Seconds of one run with this number of tabs, of one core each. */
export function secondsOfRun(run: RunSettings, size: TaskSize, calibration: Calibration, numTabs: number): number {
  const { trained, predicted } = workOf(run, size);
  const perCharacter = size.meanCharacters / calibration.meanCharacters;
  const seconds = perCharacter * (trained * calibration.trainSeconds + predicted * calibration.predictSeconds);
  const numBusy = numTabs === 1 ? 1 : numTabs * busyFraction;
  return startSeconds + seconds / numBusy;
}

/** One run for each kind of work: a backbone with a tuning method. ATTEMPT needs source prompts that may be made later, and counts as others. */
export function runsToCalibrate(runs: readonly PlannedRun[]): readonly PlannedRun[] {
  const kinds = new Map<string, PlannedRun>();
  for (const run of runs) {
    const { backbone, tuning } = run.settings;
    const kind = `${backbone} ${tuning.method}`;
    if (sourcePromptsOf(tuning) === null && !kinds.has(kind)) kinds.set(kind, run);
  }
  return [...kinds.values()];
}

/** Of the same work, else of the same backbone, else any. */
function calibrationOf({ backbone, tuning }: RunSettings, calibrations: readonly Calibration[]): Calibration | undefined {
  const near = calibrations.filter((calibration) => calibration.backbone === backbone);
  return near.find((calibration) => calibration.tuning === tuning.method) ?? near[0] ?? calibrations[0];
}

/** Kept of a run: its result; while it runs also its journal, with every device's state. */
function diskOfRun(run: RunSettings): number {
  const numPoints = scheduleOf(run).filter(({ spec }) => spec.kind === "evaluate").length * 8;
  return 30_000 + 400 * numPoints;
}

const journalBytes = 30e6;

/** What is known of an experiment before it starts. */
export interface EstimateInput {
  readonly runs: readonly PlannedRun[];
  readonly sizes: readonly TaskSize[];
  /** At least one. */
  readonly calibrations: readonly Calibration[];
  /** Results there are, by the run's id. */
  readonly earlier: ReadonlyMap<string, RunRecord>;
  readonly tabsPerRun: number;
  readonly numAtOnce: number;
}

/** Time and disk of the runs that are not done yet; earlier ones of the same folder correct the calibration, method by method. */
export function estimateExperiment({ runs, sizes, calibrations, earlier, tabsPerRun, numAtOnce }: EstimateInput): Estimate {
  const modelled = ({ settings, task }: Pick<PlannedRun, "settings" | "task">) => {
    const size = sizes.find((one) => one.task === task);
    const calibration = calibrationOf(settings, calibrations);
    return size === undefined || calibration === undefined ? startSeconds : secondsOfRun(settings, size, calibration, tabsPerRun);
  };
  const done = [...earlier.values()].filter(({ error }) => error === null);
  const ratio = (of: readonly RunRecord[]) =>
    of.length === 0 ? null : of.reduce((sum, run) => sum + run.seconds.total / modelled(run), 0) / of.length;
  const overall = ratio(done) ?? 1;
  const byMethod = new Map(
    [...new Set(done.map(({ method }) => method))].map((method) => [method, ratio(done.filter((run) => run.method === method))]),
  );
  const left = runs.filter(({ id }) => earlier.get(id)?.error !== null);
  const seconds = left.reduce((sum, run) => sum + modelled(run) * (byMethod.get(run.method) ?? overall), 0);
  return {
    numRuns: left.length,
    seconds: seconds / Math.max(1, Math.min(numAtOnce, left.length)),
    diskBytes: left.reduce((sum, { settings }) => sum + diskOfRun(settings), 0) + Math.min(numAtOnce, left.length) * journalBytes,
    basis: done.length === 0 ? "measured on a few steps just now" : `judging by ${formatCount(done.length, "earlier run")}`,
  };
}
