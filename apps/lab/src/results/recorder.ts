import type { Evaluation, RoundEvent, RoundPlan, Strategy } from "@tutti/core";
import { accuracy, macroF1, numCounted } from "@tutti/core";
import type { EvaluationRecord, StepRecord } from "./runResult.ts";

/** Bytes in both directions, seen from the devices. */
export interface Traffic {
  readonly up: number;
  readonly down: number;
}

export interface RecorderOptions {
  readonly strategy: Strategy;
  /** Everything on the wire so far. */
  readonly traffic: () => Traffic;
  readonly nowMs: () => number;
}

/** Turns the round loop's events into records, one for each closed step. */
export interface Recorder {
  /** The record of the step that this event closes, or null. */
  observe(event: RoundEvent): StepRecord | null;
}

/** Accuracies and losses of one pooled evaluation; an answer without examples has none. */
export function scoreEvaluation(evaluation: Evaluation): EvaluationRecord[] {
  return evaluation.results.flatMap(({ protocol, split, confusion, lossSum }) => {
    const numExamples = numCounted(confusion);
    const shares = { accuracy: accuracy(confusion), macroF1: macroF1(confusion) };
    if (shares.accuracy === null || shares.macroF1 === null) return [];
    const { numAnswered: numDevices, coverage } = evaluation;
    return [
      {
        protocol,
        split,
        accuracy: shares.accuracy,
        macroF1: shares.macroF1,
        loss: lossSum / numExamples,
        numExamples,
        numDevices,
        coverage,
      },
    ];
  });
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Starts recording; time and traffic of a step count from the end of the one before. */
export function createRecorder({ strategy, traffic, nowMs }: RecorderOptions): Recorder {
  let startMs = nowMs();
  let before = traffic();

  function close(plan: RoundPlan, event: Extract<RoundEvent, { kind: "closed" }>): StepRecord {
    const now = nowMs();
    const total = traffic();
    const trained = event.contributions.flatMap(({ body }) => (body.kind === "train" ? [body] : []));
    const kind = plan.tasks[0]?.spec.kind ?? "train";
    const latest = kind === "evaluate" ? strategy.summary(event.state).evaluations.at(-1) : undefined;
    const record: StepRecord = {
      stage: plan.stage,
      round: plan.round,
      step: plan.step,
      attempt: plan.attempt,
      kind,
      cohort: plan.tasks.map(({ deviceId }) => deviceId),
      counted: event.contributions.map(({ deviceId }) => deviceId),
      seconds: (now - startMs) / 1000,
      bytesUp: total.up - before.up,
      bytesDown: total.down - before.down,
      firstLoss: mean(trained.map(({ firstLoss }) => firstLoss)),
      lastLoss: mean(trained.map(({ lastLoss }) => lastLoss)),
      evaluations: latest === undefined ? [] : scoreEvaluation(latest),
    };
    startMs = now;
    before = total;
    return record;
  }

  return {
    observe: (event) => (event.kind === "closed" ? close(event.plan, event) : null),
  };
}
