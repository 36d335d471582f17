import { createStrategy, encodedSize, findExpected, type Params, pickNames, type RunSettings, type StrategySummary } from "@tutti/core";
import { breakEvenRound, type RoundUploads } from "./breakEven.ts";
import type { RunResult, Scores } from "./runResult.ts";
import type { EvaluationRecord, StepRecord } from "./stepRecord.ts";
import type { TrafficTotals, WireBytes } from "./traffic.ts";

/** What a result is made from, beside the steps. */
export interface ResultSources {
  readonly settings: RunSettings;
  readonly summary: StrategySummary;
  /** Every trained parameter, for the sizes of all layers. */
  readonly allParams: Params;
  readonly steps: readonly StepRecord[];
  readonly traffic: TrafficTotals;
  /** Accuracy and macro F1 of always answering the commonest class of the training data, and of how many texts. */
  readonly majority: { readonly accuracy: number; readonly macroF1: number; readonly numExamples: number } | null;
  readonly backend: string;
  readonly threads: number;
  readonly numTabs: number;
  readonly totalSeconds: number;
  readonly parametersSha256: string;
}

type Measure = "accuracy" | "macroF1" | "numExamples";

const evaluationsOf = (steps: readonly StepRecord[]) => steps.flatMap((step) => step.evaluations.map((record) => ({ step, record })));

function last(steps: readonly StepRecord[], protocol: EvaluationRecord["protocol"]): EvaluationRecord | null {
  const found = evaluationsOf(steps).filter(({ record }) => record.protocol === protocol && record.split === "test");
  return found.at(-1)?.record ?? null;
}

/** The global test record of the training round with the highest score on the validation split; the earliest of equals. */
function bestOnValidation(steps: readonly StepRecord[]): EvaluationRecord | null {
  let best: { accuracy: number; step: StepRecord } | null = null;
  for (const { step, record } of evaluationsOf(steps)) {
    if (step.stage !== "train" || record.protocol !== "global" || record.split !== "validation") continue;
    if (best === null || record.accuracy > best.accuracy) best = { accuracy: record.accuracy, step };
  }
  return best?.step.evaluations.find(({ protocol, split }) => protocol === "global" && split === "test") ?? null;
}

function scores(steps: readonly StepRecord[], majority: ResultSources["majority"], measure: Measure): Scores {
  const of = (protocol: EvaluationRecord["protocol"]) => last(steps, protocol)?.[measure] ?? null;
  return {
    global: of("global"),
    personalised: of("personalised"),
    newcomer: of("newcomer"),
    globalBest: bestOnValidation(steps)?.[measure] ?? null,
    majority: majority?.[measure] ?? null,
    zeroShot: of("zeroShot"),
  };
}

/** Of how many texts each score of a run is. */
export function countTexts({ steps, majority }: Pick<ResultSources, "steps" | "majority">): Scores {
  return scores(steps, majority, "numExamples");
}

/** The steps in which a round is trained; fine-tuning is left out. */
function trainingSteps(settings: RunSettings, steps: readonly StepRecord[]): StepRecord[] {
  const find = findExpected(createStrategy(settings).schedule(settings));
  return steps.filter((step) => step.stage === "train" && step.kind === "train" && find(step)?.isFineTuning !== true);
}

/** Upload bytes of each training round beside all layers in the same encoding, tensors alone. */
export function uploadsByRound({
  settings,
  summary,
  allParams,
  steps,
}: Pick<ResultSources, "settings" | "summary" | "allParams" | "steps">): RoundUploads[] {
  const size = (params: Params) =>
    Object.values(params).reduce((sum, tensor) => sum + encodedSize(tensor.shape, settings.contributionEncoding), 0);
  const selected = size(pickNames(allParams, summary.sharedNames ?? Object.keys(allParams)));
  const all = size(allParams);
  return trainingSteps(settings, steps).map(({ counted }) => ({ selected: selected * counted.length, allLayers: all * counted.length }));
}

/** The outcome of a run from its records. */
export function collectResult(sources: ResultSources): RunResult {
  const { settings, summary, allParams, steps } = sources;
  const sum = (of: readonly StepRecord[], value: (step: StepRecord) => number) => of.reduce((total, step) => total + value(step), 0);
  const both = ({ up, down }: WireBytes) => Math.round(up + down);
  const wire = Object.values(sources.traffic);
  const evaluations = steps.filter(({ kind }) => kind === "evaluate");
  const stage = (name: StepRecord["stage"]) => steps.filter((step) => step.stage === name && step.kind !== "evaluate");
  const stagesAB = both(sources.traffic.score) + both(sources.traffic.count);
  const allLayersBytes = 4 * Object.values(allParams).reduce((total, { data }) => total + data.length, 0);
  const rounds = trainingSteps(settings, steps);
  return {
    task: settings.task,
    backend: sources.backend,
    threads: sources.threads,
    rounds: rounds.length,
    seconds: {
      scoring: sum(stage("score"), ({ seconds }) => seconds),
      counting: sum(stage("count"), ({ seconds }) => seconds),
      training: sum(stage("train"), ({ seconds }) => seconds),
      evaluation: sum(evaluations, ({ seconds }) => seconds),
      total: sources.totalSeconds,
    },
    accuracy: scores(steps, sources.majority, "accuracy"),
    f1: scores(steps, sources.majority, "macroF1"),
    layerScores: summary.layerScores ?? [],
    selectedLayers: summary.selectedLayers ?? [],
    keepFraction: summary.keepFraction ?? 1,
    bytes: {
      up: Math.round(wire.reduce((total, { up }) => total + up, 0)),
      down: Math.round(wire.reduce((total, { down }) => total + down, 0)),
      evaluation: both(sources.traffic.evaluation),
      stagesAB,
      upAllLayersF32: allLayersBytes * sum(rounds, ({ counted }) => counted.length),
      downAllLayersF32: allLayersBytes * sum(rounds, ({ cohort }) => cohort.length),
    },
    breakEvenRound: breakEvenRound(stagesAB, uploadsByRound(sources)),
    numDevices: settings.numDevices,
    numTabs: sources.numTabs,
    seed: settings.seed,
    parametersSha256: sources.parametersSha256,
  };
}
