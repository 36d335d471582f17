import {
  accuracy,
  type ClassificationResult,
  type Contribution,
  combineLayerScores,
  macroF1,
  numCounted,
  type RoundPlan,
  type ShownAnswer,
} from "@tutti/core";
import type { EvaluationPoint, HistoryPoint } from "@tutti/protocol";
import { z } from "zod";
import { kindField, listOf, measured, protocolField, splitField, stageField, wireBytesField } from "./fields.ts";
import { type Learnt, movementOf, movementSchema } from "./movement.ts";
import { poolTexts, textRecordSchema } from "./textRecord.ts";
import type { StepBytes } from "./traffic.ts";

/** What each device found on its own examples, all lists in the same order. */
const byDeviceSchema = z
  .object({ deviceIds: listOf(z.number()), numRight: listOf(z.number()), numExamples: listOf(z.number()), loss: listOf(measured) })
  .readonly();

/** Pooled predictions of one protocol on one split. */
const evaluationRecordSchema = z
  .object({
    protocol: protocolField,
    split: splitField,
    accuracy: measured,
    macroF1: measured,
    /** Mean loss per example. */
    loss: measured,
    numExamples: z.number(),
    /** Devices that answered. */
    numDevices: z.number(),
    /** Devices that answered / N. */
    coverage: z.number(),
    /** Of the personalised protocol, where every device predicts its own share; absent for others and in records from before it was kept. */
    byDevice: byDeviceSchema.exactOptional(),
  })
  .readonly();

/**
 * Seconds times clients, from the close of the step before, or from its own plan where the run had to wait, to its own close. Clients count while
 * they take tasks.
 */
const clientSecondsSchema = z
  .object({
    /** Clients that held a task: from the moment it was sent to them until its contribution arrived. */
    holding: z.number(),
    /** Clients, but at most as many as there were tasks not done. */
    open: z.number(),
    /** Clients, but at most as many as the step had tasks: the wait for the last task, and the time between two steps, included. */
    possible: z.number(),
    present: z.number(),
  })
  .readonly();

/** What one device's training took. */
const deviceTimeSchema = z
  .object({
    deviceId: z.number(),
    /** From the moment the task was sent until its contribution was there. */
    seconds: z.number(),
    /** What the planner's costs say of this task on the machine that the device's client claims. */
    plannedSeconds: z.number(),
  })
  .readonly();

/** The result of a compute client's step: how far the kept scores are off, how the student did, or answers for the report. */
const computedSchema = z
  .union([
    z.object({ numTexts: z.number(), numPositions: z.number(), topKError: measured }).readonly(),
    z.object({ numSteps: z.number(), firstLoss: measured, lastLoss: measured, drift: measured }).readonly(),
    z.object({ answers: listOf(z.object({ prompt: z.string(), reference: z.string(), answer: z.string() }).readonly()) }).readonly(),
  ])
  .readonly();

/** One closed step, a line of `rounds.jsonl`. */
export const stepRecordSchema = z
  .object({
    stage: stageField,
    round: z.number(),
    step: z.number(),
    /** Attempts that were needed. */
    attempt: z.number(),
    kind: kindField,
    cohort: listOf(z.number()),
    /** Devices whose contribution counts. */
    counted: listOf(z.number()),
    /** Of coordinator uptime, from the plan to the aggregate. */
    seconds: z.number(),
    /** How far its clients had something to do; absent in records from before it was kept. */
    clientSeconds: clientSecondsSchema.exactOptional(),
    /** Of devices whose clients said what their machines can do, in a step that trains; absent where there are none. */
    devices: listOf(deviceTimeSchema).exactOptional(),
    /** On the wire since the step before was closed. */
    bytesUp: z.number(),
    bytesDown: z.number(),
    /** What this step's tasks needed and an evaluation had fetched: among the bytes of the evaluation's record, charged to this step's stage. Absent for nothing. */
    fetchedBefore: wireBytesField.exactOptional(),
    /** Mean over the counted devices of the loss in the first and in the last local epoch; null where nothing was trained. */
    firstLoss: z.number().nullable(),
    lastLoss: z.number().nullable(),
    /** Steps that counted devices say they skipped, because loss or gradient of a batch was not finite; absent for none. */
    numSkipped: z.number().exactOptional(),
    evaluations: listOf(evaluationRecordSchema),
    /** Of a scoring step: each layer's mean score over its devices, weighted by examples, null where it is not scored; absent in records from before it was kept. */
    scores: listOf(z.number().nullable()).exactOptional(),
    /** Of a training step whose devices sent the same parameters; absent in records from before it was kept. */
    movement: movementSchema.exactOptional(),
    /** Of a compute client's step alone. */
    computed: computedSchema.exactOptional(),
    /** Of a task whose answers are texts; absent for others and for steps without an evaluation. */
    texts: listOf(textRecordSchema).exactOptional(),
  })
  .readonly();

/** Pooled predictions of one protocol on one split. */
export type EvaluationRecord = z.infer<typeof evaluationRecordSchema>;

/** What one device's training took. */
export type DeviceTime = z.infer<typeof deviceTimeSchema>;

/** Seconds times clients. */
export type ClientSeconds = z.infer<typeof clientSecondsSchema>;

/** One closed step, a line of `rounds.jsonl`. */
export type StepRecord = z.infer<typeof stepRecordSchema>;

/** What was measured of a step. */
export interface StepMeasures {
  readonly seconds: number;
  readonly bytes: StepBytes;
  readonly clientSeconds?: ClientSeconds;
  readonly devices?: readonly DeviceTime[];
  /** What the step's movement is measured against; it is not measured without. */
  readonly learnt?: Learnt;
}

/** The record of a step that has closed. */
export function recordStep(plan: RoundPlan, contributions: readonly Contribution[], measures: StepMeasures): StepRecord {
  const { seconds, bytes, clientSeconds, devices = [], learnt } = measures;
  const { stage, round, step, attempt, tasks } = plan;
  const texts = poolTexts(contributions, plan.numDevices);
  const losses = contributions.flatMap(({ body }) => (body.kind === "train" ? [body] : []));
  const numSkipped = losses.reduce((sum, body) => sum + (body.numSkipped ?? 0), 0);
  return {
    stage,
    round,
    step,
    attempt,
    kind: tasks[0]?.spec.kind ?? "train",
    cohort: tasks.map((task) => task.deviceId),
    counted: contributions.map((contribution) => contribution.deviceId),
    seconds,
    ...(clientSeconds === undefined ? {} : { clientSeconds: toMs(clientSeconds) }),
    ...(devices.length === 0 ? {} : { devices }),
    bytesUp: bytes.up,
    bytesDown: bytes.down,
    ...(bytes.takenOver.up + bytes.takenOver.down === 0 ? {} : { fetchedBefore: bytes.takenOver }),
    firstLoss: mean(losses.map((body) => body.firstLoss)),
    lastLoss: mean(losses.map((body) => body.lastLoss)),
    ...(numSkipped === 0 ? {} : { numSkipped }),
    evaluations: pool(contributions, plan.numDevices),
    ...scoresOf(contributions),
    ...(learnt === undefined ? {} : movedIn(contributions, learnt)),
    ...computedOf(contributions),
    ...(texts.length === 0 ? {} : { texts }),
  };
}

function computedOf(contributions: readonly Contribution[]): Pick<StepRecord, "computed"> {
  const [body] = contributions.map((contribution) => contribution.body);
  if (body?.kind === "logits") {
    const { numTexts, numPositions, topKError } = body;
    return { computed: { numTexts, numPositions, topKError } };
  }
  if (body?.kind === "answers") return { computed: { answers: body.answers } };
  if (body?.kind !== "distil") return {};
  const { numSteps, firstLoss, lastLoss, drift } = body;
  return { computed: { numSteps, firstLoss, lastLoss, drift } };
}

function movedIn(contributions: readonly Contribution[], learnt: Learnt): Pick<StepRecord, "movement"> {
  const movement = movementOf(contributions, learnt);
  return movement === null ? {} : { movement };
}

function scoresOf(contributions: readonly Contribution[]): Pick<StepRecord, "scores"> {
  const scored = contributions.flatMap(({ numExamples, body }) =>
    body.kind === "score" ? [{ numExamples, layerScores: body.layerScores }] : [],
  );
  const scores = combineLayerScores(scored);
  return scores === null ? {} : { scores };
}

function toMs({ holding, open, possible, present }: ClientSeconds): ClientSeconds {
  const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000;
  return { holding: rounded(holding), open: rounded(open), possible: rounded(possible), present: rounded(present) };
}

/** The answers that a compute client generated for the report; null where none were. */
export function shownAnswers(steps: readonly Pick<StepRecord, "computed">[]): readonly ShownAnswer[] | null {
  return steps.flatMap(({ computed }) => (computed !== undefined && "answers" in computed ? [computed.answers] : [])).at(-1) ?? null;
}

/** The record as a point of the pages' curves. */
export function historyPoint({ stage, round, lastLoss, evaluations, texts = [] }: StepRecord): HistoryPoint {
  const points = evaluations.map((record): EvaluationPoint => {
    const { protocol, split, loss, numExamples } = record;
    return { protocol, split, accuracy: record.accuracy, macroF1: record.macroF1, loss, numExamples };
  });
  const ofTexts = texts.flatMap(
    ({ protocol, split, lossPerToken: loss, numExamples, tokenAccuracy, exactMatch, rougeL }): EvaluationPoint[] =>
      loss === null ? [] : [{ protocol, split, loss, numExamples, text: { tokenAccuracy, exactMatch, rougeL } }],
  );
  return { stage, round, trainLoss: lastLoss, evaluations: [...points, ...ofTexts] };
}

interface DeviceResult {
  readonly deviceId: number;
  readonly result: ClassificationResult;
}

function pool(contributions: readonly Contribution[], numDevices: number): EvaluationRecord[] {
  const groups = new Map<string, DeviceResult[]>();
  for (const { deviceId, body } of contributions) {
    for (const result of body.kind === "evaluate" ? body.results : []) {
      if ("text" in result) continue;
      const key = `${result.protocol}/${result.split}`;
      groups.set(key, [...(groups.get(key) ?? []), { deviceId, result }]);
    }
  }
  return [...groups.values()].flatMap((answers) => {
    const [first] = answers;
    const results = answers.map(({ result }) => result);
    const confusion = sumOf(results);
    const numExamples = numCounted(confusion);
    if (first === undefined || numExamples === 0) return [];
    const { protocol, split } = first.result;
    const loss = results.reduce((sum, result) => sum + result.lossSum, 0) / numExamples;
    const shared = { protocol, split, loss, numExamples, numDevices: results.length, coverage: results.length / numDevices };
    const pooled = { ...shared, accuracy: accuracy(confusion) ?? 0, macroF1: macroF1(confusion) ?? 0 };
    return [protocol === "personalised" ? { ...pooled, byDevice: listByDevice(answers) } : pooled];
  });
}

/** The devices that had examples to answer, in the order of the contributions; losses with four digits, since every step is kept. */
function listByDevice(answers: readonly DeviceResult[]): NonNullable<EvaluationRecord["byDevice"]> {
  const found = answers.filter(({ result }) => numCounted(result.confusion) > 0);
  const counts = found.map(({ result }) => numCounted(result.confusion));
  return {
    deviceIds: found.map(({ deviceId }) => deviceId),
    numRight: found.map(({ result }) => result.confusion.reduce((sum, row, label) => sum + (row[label] ?? 0), 0)),
    numExamples: counts,
    loss: found.map(({ result }, index) => Number((result.lossSum / (counts[index] ?? 1)).toFixed(4))),
  };
}

function sumOf(results: readonly ClassificationResult[]): number[][] {
  const size = results[0]?.confusion.length ?? 0;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => results.reduce((sum, { confusion }) => sum + (confusion[i]?.[j] ?? 0), 0)),
  );
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
