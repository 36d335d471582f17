import { clientProfileSchema, fractionSchema, integer, number, settingLimits } from "@tutti/core";
import { z } from "zod";
import { countSchema, deviceIdSchema, finiteSchema, lossSchema, roundedFractionSchema, runIdSchema } from "./fields.ts";
import { limits } from "./limits.ts";
import { inForceSchema } from "./orders.ts";
import { lackSchema, sayingSchema } from "./sayings.ts";
import { evaluationProtocolSchema, splitSchema, stageSchema, taskKindSchema } from "./tasks.ts";

const layerIndexSchema = integer(0, limits.maxLayers - 1);

/** Bytes in both directions, seen from the coordinator's devices. */
export const trafficSchema = z.strictObject({ up: countSchema, down: countSchema });

const shareSchema = fractionSchema.nullable();

/** What an evaluation came to, in one protocol on one split. */
export const evaluationPointSchema = z.strictObject({
  protocol: evaluationProtocolSchema,
  split: splitSchema,
  /** These two of tasks with classes alone. */
  accuracy: fractionSchema.exactOptional(),
  macroF1: fractionSchema.exactOptional(),
  /** Where answers are texts; null where nothing was counted. */
  text: z.strictObject({ tokenAccuracy: shareSchema, exactMatch: shareSchema, rougeL: shareSchema }).exactOptional(),
  /** Mean per example; where answers are texts, per token of them. */
  loss: lossSchema,
  /** Texts that it is of; absent in what was recorded before it was sent. */
  numExamples: countSchema.exactOptional(),
});

/** One closed round, for a curve. */
const historyPointSchema = z.strictObject({
  stage: stageSchema,
  round: integer(1, limits.maxRounds),
  /** Mean over the round's devices of the last local epoch's loss; null where nothing was trained. */
  trainLoss: lossSchema.nullable(),
  /** Empty where the round was not evaluated. */
  evaluations: z.array(evaluationPointSchema).max(limits.maxEvaluationResults).readonly(),
});

/** One device's spectrum and the share of layers it asks for (Stage B). */
const probePointSchema = z.strictObject({
  deviceId: deviceIdSchema,
  ritzValues: z.array(finiteSchema).max(limits.maxLanczosSteps).readonly(),
  ritzWeights: z.array(roundedFractionSchema).max(limits.maxLanczosSteps).readonly(),
  keepFraction: roundedFractionSchema.nullable(),
});

/** What was planned last for a device's client. */
const planPointSchema = z.strictObject({
  deviceId: deviceIdSchema,
  /** That it was made for. */
  round: integer(1, limits.maxRounds),
  /** Of its backbone. */
  bits: integer(1, 32),
  batchSize: integer(1, limits.maxBatchSize),
  /** Of each matrix, 0 where the client does not train it. */
  ranks: z.array(integer(0, settingLimits.maxWidth)).max(limits.maxTensors).readonly(),
  /** Trained values. */
  numValues: countSchema,
  /** Expected of a round. */
  seconds: number(0, limits.maxNumber),
  /** Expected while it trains. */
  memoryBytes: number(0, limits.maxNumber),
  /** Share of the round's time that it leaves unused. */
  underUse: roundedFractionSchema,
  /** As the client claims. */
  machine: clientProfileSchema,
});

/** A device that no plan fits. */
const leftOutSchema = z.strictObject({
  deviceId: deviceIdSchema,
  reason: z.string().max(limits.maxReason),
  lack: lackSchema.exactOptional(),
});

const stageProgressSchema = z.strictObject({
  stage: stageSchema,
  /** Of the run's expected work. */
  share: roundedFractionSchema,
  /** Of the stage's. */
  done: roundedFractionSchema,
});

/** How far the whole run is, by the steps that its settings lead to and what the closed ones took (P-166). */
const runProgressSchema = z.strictObject({
  stages: z.array(stageProgressSchema).max(3).readonly(),
  /** Null before a training step has closed: what comes before it says little of how long one takes. */
  secondsLeft: number(0, limits.maxNumber).nullable(),
});

/** What the pages and the demo show of a run (P-70): counts, and nothing that grows with the number of clients or devices. */
export const statusSchema = z.strictObject({
  runId: runIdSchema,
  phase: z.enum(["waiting", "running", "done", "failed"]),
  /** Null before the first round. */
  stage: stageSchema.nullable(),
  /** Within the stage, 0 before the first. */
  round: integer(0, limits.maxRounds),
  /** Of the stage. */
  numRounds: integer(0, limits.maxRounds),
  step: integer(0, limits.maxRounds),
  attempt: integer(0, limits.maxRounds),
  /** What devices do in the open step; absent while none is open. */
  stepKind: taskKindSchema.exactOptional(),
  /** Absent where the coordinator does not say it. */
  progress: runProgressSchema.exactOptional(),
  /** Devices that live in connected tabs and are not registered yet; absent for none. */
  numLoading: integer(1, limits.maxDevices).exactOptional(),
  /** Clients that are connected. */
  numConnected: integer(0, limits.maxDevices),
  /** Devices registered so far. */
  numDevices: integer(0, limits.maxDevices),
  /** Helper devices of the run's operator (P-192), counted above too: those that are connected, and those of them that a plan may ask now; absent in runs without. */
  helpers: z.strictObject({ numConnected: integer(0, limits.maxDevices), numTraining: integer(0, limits.maxDevices) }).exactOptional(),
  /** The most examples with which a device counts that claims its number (P-121); absent for no limit. */
  maxCountedExamples: integer(1, limits.maxExamples).exactOptional(),
  /** Devices that lost their private state and started again since the coordinator started, and what became of the last one; absent for none. */
  resets: z
    .strictObject({
      count: integer(1, Number.MAX_SAFE_INTEGER),
      last: z.string().max(limits.maxReason),
      said: sayingSchema.exactOptional(),
    })
    .exactOptional(),
  /** Clients that are paused. */
  numPaused: integer(0, limits.maxDevices),
  /** Tasks of the present step that are out, and that are in. */
  tasksOut: integer(0, limits.maxDevices),
  tasksIn: integer(0, limits.maxDevices),
  /** s_l, null where a layer is not scored; null as a whole before Stage A is done. */
  layerScores: z.array(finiteSchema.nullable()).max(limits.maxLayers).readonly().nullable(),
  /** Layers that travel, ascending; null before they are chosen. */
  selectedLayers: z.array(layerIndexSchema).max(limits.maxLayers).readonly().nullable(),
  keepFraction: roundedFractionSchema.nullable(),
  probes: z.array(probePointSchema).max(100).readonly(),
  /** Of the first devices, where the strategy plans for each client; absent from later statuses while they are the same. */
  plans: z.array(planPointSchema).max(100).readonly().exactOptional(),
  /** The first devices that no plan fits in the round, and why; comes and is left out with `plans`. */
  leftOut: z.array(leftOutSchema).max(100).readonly().exactOptional(),
  history: z.array(historyPointSchema).max(limits.maxHistory).readonly(),
  /** Points of the whole history before the first of `history`; 0 when absent. */
  historyStart: integer(0, limits.maxRounds * 10).exactOptional(),
  /** On the wire so far; evaluation apart from the stages. */
  bytes: z.strictObject({ score: trafficSchema, count: trafficSchema, train: trafficSchema, evaluation: trafficSchema }),
  /** What Stage C's train steps so far would have cost with all layers in f32. */
  allLayersF32: trafficSchema,
  /** Why it waits, or why a step was repeated; null when there is nothing to say. */
  message: z.string().max(limits.maxReason).nullable(),
  /** The same for pages, sentence by sentence; absent where nothing is said, or it has no kind. */
  said: z.array(sayingSchema).min(1).max(limits.maxSayings).readonly().exactOptional(),
  /** What the operator has ordered and holds for the next plan; absent before the first order. */
  inForce: inForceSchema.exactOptional(),
  /** Milliseconds of coordinator uptime that are left for the step, null for no deadline. */
  deadlineMs: integer(0, limits.maxDeadlineMs).nullable(),
});

/** What a landing page says of how far the run is (P-108). */
export const landingStatusSchema = statusSchema.pick({
  phase: true,
  stage: true,
  round: true,
  numRounds: true,
  numConnected: true,
  numDevices: true,
  helpers: true,
});

/** The run as pages show it (P-70). */
export type Status = z.infer<typeof statusSchema>;
/** How far the whole run is. */
export type RunProgress = z.infer<typeof runProgressSchema>;
/** Bytes up from clients and down to them. */
export type Traffic = z.infer<typeof trafficSchema>;
/** A closed step as a point of the pages' curves. */
export type HistoryPoint = z.infer<typeof historyPointSchema>;
/** What an evaluation came to, in one protocol on one split. */
export type EvaluationPoint = z.infer<typeof evaluationPointSchema>;
/** What was planned last for a device's client. */
export type PlanPoint = z.infer<typeof planPointSchema>;
/** What a device's spectrum probe found. */
export type ProbePoint = z.infer<typeof probePointSchema>;
