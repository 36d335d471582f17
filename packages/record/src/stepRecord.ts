import {
  accuracy,
  type Contribution,
  type EvaluationResult,
  macroF1,
  numCounted,
  type Protocol,
  type RoundPlan,
  type Split,
  type Stage,
  type TaskKind,
} from "@tutti/core";
import type { EvaluationPoint, HistoryPoint } from "@tutti/protocol";
import type { StepBytes, WireBytes } from "./traffic.ts";

/** Pooled predictions of one protocol on one split. */
export interface EvaluationRecord {
  readonly protocol: Protocol;
  readonly split: Split;
  readonly accuracy: number;
  readonly macroF1: number;
  /** Mean loss per example. */
  readonly loss: number;
  readonly numExamples: number;
  /** Devices that answered. */
  readonly numDevices: number;
  /** Devices that answered / N. */
  readonly coverage: number;
}

/** One closed step, a line of `rounds.jsonl`. */
export interface StepRecord {
  readonly stage: Stage;
  readonly round: number;
  readonly step: number;
  /** Attempts that were needed. */
  readonly attempt: number;
  readonly kind: TaskKind;
  readonly cohort: readonly number[];
  /** Devices whose contribution counts. */
  readonly counted: readonly number[];
  /** Of coordinator uptime, from the plan to the aggregate. */
  readonly seconds: number;
  /** On the wire since the step before was closed. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** What this step's tasks needed and an evaluation had fetched: among the bytes of the evaluation's record, charged to this step's stage. Absent for nothing. */
  readonly fetchedBefore?: WireBytes;
  /** Mean over the counted devices of the loss in the first and in the last local epoch; null where nothing was trained. */
  readonly firstLoss: number | null;
  readonly lastLoss: number | null;
  readonly evaluations: readonly EvaluationRecord[];
}

/** What a step came to. */
export function recordStep(plan: RoundPlan, contributions: readonly Contribution[], seconds: number, bytes: StepBytes): StepRecord {
  const { stage, round, step, attempt, tasks } = plan;
  const losses = contributions.flatMap(({ body }) => (body.kind === "train" ? [body] : []));
  return {
    stage,
    round,
    step,
    attempt,
    kind: tasks[0]?.spec.kind ?? "train",
    cohort: tasks.map((task) => task.deviceId),
    counted: contributions.map((contribution) => contribution.deviceId),
    seconds,
    bytesUp: bytes.up,
    bytesDown: bytes.down,
    ...(bytes.takenOver.up + bytes.takenOver.down === 0 ? {} : { fetchedBefore: bytes.takenOver }),
    firstLoss: mean(losses.map((body) => body.firstLoss)),
    lastLoss: mean(losses.map((body) => body.lastLoss)),
    evaluations: pool(contributions, plan.numDevices),
  };
}

/** The record as a point of the pages' curves. */
export function historyPoint({ stage, round, lastLoss, evaluations }: StepRecord): HistoryPoint {
  const points = evaluations.map((record): EvaluationPoint => {
    const { protocol, split, loss, numExamples } = record;
    return { protocol, split, accuracy: record.accuracy, macroF1: record.macroF1, loss, numExamples };
  });
  return { stage, round, trainLoss: lastLoss, evaluations: points };
}

function pool(contributions: readonly Contribution[], numDevices: number): EvaluationRecord[] {
  const groups = new Map<string, EvaluationResult[]>();
  for (const { body } of contributions) {
    for (const result of body.kind === "evaluate" ? body.results : []) {
      const key = `${result.protocol}/${result.split}`;
      groups.set(key, [...(groups.get(key) ?? []), result]);
    }
  }
  return [...groups.values()].flatMap((results) => {
    const [first] = results;
    const confusion = sumOf(results);
    const numExamples = numCounted(confusion);
    if (first === undefined || numExamples === 0) return [];
    const loss = results.reduce((sum, result) => sum + result.lossSum, 0) / numExamples;
    const shared = { protocol: first.protocol, split: first.split, loss, numExamples };
    const coverage = results.length / numDevices;
    return [{ ...shared, accuracy: accuracy(confusion) ?? 0, macroF1: macroF1(confusion) ?? 0, numDevices: results.length, coverage }];
  });
}

function sumOf(results: readonly EvaluationResult[]): number[][] {
  const size = results[0]?.confusion.length ?? 0;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => results.reduce((sum, { confusion }) => sum + (confusion[i]?.[j] ?? 0), 0)),
  );
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
