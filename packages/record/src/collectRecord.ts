import { type ExpectedStep, encodedSize, numValues, type Params, pickNames, type StrategySummary, selectorOf } from "@tutti/core";
import type { RoundUploads } from "./breakEven.ts";
import { bestOnValidation, curveOf, testScores } from "./curve.ts";
import type { RunIdentity, RunRecord } from "./runRecord.ts";
import { scheduleOf, trainingSteps } from "./schedule.ts";
import type { StepRecord } from "./stepRecord.ts";
import type { TrafficTotals } from "./traffic.ts";

/** What the coordinator has of a run, over or not. */
export interface CollectedRun {
  readonly summary: StrategySummary;
  readonly steps: readonly StepRecord[];
  readonly traffic: TrafficTotals;
  /** Every trained parameter, or what has its shapes: sizes alone are taken from it. */
  readonly allParams: Params;
  /** The run's; what its settings lead to when absent. */
  readonly schedule?: readonly ExpectedStep[];
}

/** What is known of a run beside what its coordinator has. */
export interface RunCircumstances
  extends Pick<RunRecord, "backend" | "clients">,
    Partial<
      Pick<
        RunRecord,
        | "backendReason"
        | "numClients"
        | "threads"
        | "usage"
        | "faults"
        | "attack"
        | "noise"
        | "commit"
        | "machine"
        | "notes"
        | "origin"
        | "position"
        | "parametersSha256"
        | "error"
      >
    > {
  /** From the coordinator's start. */
  readonly totalSeconds: number;
  /** Of always answering the commonest class of the training data; null or absent where it is not known. */
  readonly majority?: { readonly accuracy: number; readonly macroF1: number; readonly numExamples: number } | null;
}

const notReplayed = { correct: null, answers: null, correctNote: "the answers were not replayed row by row" };
const unknownUsage = { clientsFraction: null, orchestrationFraction: null };

/**
 * A run's record but for what its replay finds. Bytes are those on the wire by what the coordinator charges them to. A blob that a client fetched
 * for an evaluation and that a later task of another kind names, as the next round's broadcast does W_t, is charged to that task's step, once for
 * each client, and no longer to the evaluation: `bytes.down` and the curve are as if nothing had been evaluated, but for the figures of
 * evaluations in the status messages, less than 2 kB per client and step. A run that went on after a stop has fetched the open step's blobs again.
 */
export function collectRecord(identity: RunIdentity, run: CollectedRun, given: RunCircumstances): RunRecord {
  const { totalSeconds, majority = null, ...circumstances } = given;
  const { summary, steps, traffic } = run;
  const curve = curveOf(steps, summary.evaluations, identity.metric);
  const best = bestOnValidation(curve);
  const zeroShot = curve.find(({ protocol, split }) => protocol === "zeroShot" && split === "test");
  return {
    usage: unknownUsage,
    faults: null,
    error: null,
    ...circumstances,
    ...identity,
    ...notReplayed,
    seconds: secondsOf(steps, totalSeconds),
    bytes: bytesOfRun(identity, run),
    curve: curve.map((point) => ({ ...point, seconds: toMs(point.seconds) })),
    final: testScores(curve, null),
    best: best === null ? null : { round: best.round, scores: testScores(curve, best.round) },
    bestValidation: best?.score ?? null,
    controls: {
      majority: majority === null ? null : majorityScore(identity.metric, majority),
      zeroShot: zeroShot?.score ?? null,
      majorityScores: majority === null ? null : { accuracy: majority.accuracy, macroF1: majority.macroF1, numTexts: majority.numExamples },
    },
    layerScores: summary.layerScores ?? [],
    selector: selectorOf(identity.settings.strategy),
    selectedLayers: summary.selectedLayers ?? [],
    keepFraction: summary.keepFraction,
    spectra: summary.probes.map(({ deviceId, ritzValues, ritzWeights }) => ({ deviceId, ritzValues, ritzWeights })),
    ...(summary.prompt === undefined ? {} : { prompt: summary.prompt }),
    ...(summary.sizes === undefined ? {} : { sizes: summary.sizes }),
    ...(summary.plans === undefined ? {} : { plans: summary.plans }),
    uploads: uploadsByRound(identity, run),
    steps: steps.map((step) => ({ ...step, seconds: toMs(step.seconds) })),
    traffic,
  };
}

/** The record of a run that did not finish, where nothing of it is known. */
export function failedRecord(identity: RunIdentity, clients: RunRecord["clients"], error: string): RunRecord {
  return {
    ...identity,
    backend: "unknown",
    clients,
    curve: [],
    final: {},
    best: null,
    bestValidation: null,
    seconds: { scoring: 0, counting: 0, training: 0, evaluation: 0, total: 0 },
    bytes: { up: 0, down: 0, stagesAB: 0, evaluation: 0 },
    controls: { majority: null, zeroShot: null },
    layerScores: [],
    selectedLayers: [],
    keepFraction: null,
    spectra: [],
    selector: selectorOf(identity.settings.strategy),
    correct: null,
    answers: null,
    correctNote: "the run did not finish",
    faults: null,
    usage: unknownUsage,
    error,
  };
}

/** Metrics that follow from accuracy and macro F1; always answering one class has a Matthews correlation of 0. */
function majorityScore(
  metric: RunRecord["metric"],
  { accuracy, macroF1 }: { readonly accuracy: number; readonly macroF1: number },
): number | null {
  if (metric === "accuracy") return accuracy;
  if (metric === "macroF1") return macroF1;
  return metric === "matthews" ? 0 : null;
}

/** Seconds to the millisecond, which is as much as a clock and a reader can tell apart. */
const toMs = (seconds: number) => Math.round(seconds * 1000) / 1000;

function secondsOf(steps: readonly StepRecord[], total: number): RunRecord["seconds"] {
  const sum = (isCounted: (step: StepRecord) => boolean) =>
    toMs(steps.reduce((all, step) => all + (isCounted(step) ? step.seconds : 0), 0));
  const stage = (name: StepRecord["stage"]) => sum((step) => step.stage === name && step.kind !== "evaluate");
  return {
    scoring: stage("score"),
    counting: stage("count"),
    training: stage("train"),
    evaluation: sum(({ kind }) => kind === "evaluate"),
    total: toMs(total),
  };
}

function bytesOfRun(
  { settings }: RunIdentity,
  { traffic, steps, allParams, schedule = scheduleOf(settings) }: CollectedRun,
): RunRecord["bytes"] {
  const both = (label: "score" | "count" | "evaluation") => Math.round(traffic[label].up + traffic[label].down);
  const stages = (way: "up" | "down") => Math.round(traffic.score[way] + traffic.count[way] + traffic.train[way]);
  const rounds = trainingSteps(schedule, steps);
  const tasks = (of: (step: StepRecord) => readonly number[]) => rounds.reduce((sum, step) => sum + of(step).length, 0);
  const allLayers = 4 * numValues(allParams);
  return {
    up: stages("up"),
    down: stages("down"),
    stagesAB: both("score") + both("count"),
    evaluation: both("evaluation"),
    allLayersF32: { up: allLayers * tasks(({ counted }) => counted), down: allLayers * tasks(({ cohort }) => cohort) },
  };
}

/** Upload bytes of each training round beside all layers in the same encoding, tensors alone. */
export function uploadsByRound(
  { settings }: Pick<RunIdentity, "settings">,
  { summary, allParams, steps, schedule = scheduleOf(settings) }: Omit<CollectedRun, "traffic">,
): RoundUploads[] {
  const size = (params: Params) =>
    Object.values(params).reduce((sum, tensor) => sum + encodedSize(tensor.shape, settings.contributionEncoding), 0);
  const selected = size(pickNames(allParams, summary.sharedNames ?? Object.keys(allParams)));
  const all = size(allParams);
  return trainingSteps(schedule, steps).map(({ counted }) => ({ selected: selected * counted.length, allLayers: all * counted.length }));
}
