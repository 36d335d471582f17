import {
  type ClassificationResult,
  type ContributionBody,
  carriesTensors,
  type EvaluationResult,
  encodingSchema,
  folderNameSchema,
  type GeneratedSums,
  integer,
  layerSelectorSchema,
  maxVocabulary,
  number,
  type ParameterSets,
  type ShownAnswer,
  stepSizeRuleSchema,
  type TaskExpectation,
  type TaskSpec,
  type TextResult,
  type TextSums,
} from "@tutti/core";
import { z } from "zod";
import {
  type BlobRef,
  blobRefSchema,
  byName,
  bytes,
  deviceIdSchema,
  finiteSchema,
  lossSchema,
  ordinalSchema,
  roundedFractionSchema,
  sha256Schema,
  taskIdSchema,
} from "./fields.ts";
import { limits } from "./limits.ts";

/** The three stages of FedPepTAO. */
export const stageSchema = z.enum(["score", "count", "train"]);

/** What a device does for a task. */
export const taskKindSchema = z.enum(["score", "train", "probe", "evaluate", "search", "edit", "perturb", "logits", "distil", "answers"]);
/** How a trained model is judged. */
export const evaluationProtocolSchema = z.enum(["personalised", "global", "newcomer", "zeroShot"]);
/** The examples that an evaluation looks at. */
export const splitSchema = z.enum(["validation", "test"]);

/** Scores of one position. */
const topKSchema = integer(1, 1_000_000);

/** The beginning of a SHA-256. */
const digestSchema = z.string().regex(/^[0-9a-f]{16}$/);

/** σ of a search. */
const stepSizeSchema = number(1e-30, limits.maxNumber);

/** How a device comes to parameters that follow from a pool of seeds (P-221). */
const seedPoolSchema = z.strictObject({
  numSeeds: integer(1, limits.maxSeeds),
  gridBits: integer(1, 30),
  version: integer(0, limits.maxRounds),
  /** A version. */
  changedFrom: integer(0, limits.maxRounds).nullable(),
  digest: digestSchema,
});

/** What a device, or a compute client (P-91), is asked to do. */
export const taskSpecSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("score"),
    selector: layerSelectorSchema,
    /** Examples. */
    minBatch: integer(1, limits.maxBatchSize),
    dropout: z.boolean(),
    maskPadding: z.boolean(),
    scoreLastLayer: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("train"),
    /** Optimiser steps. */
    warmupSteps: integer(0, limits.maxSteps),
    epochs: integer(1, 1000),
    /** Optimiser steps in place of epochs (P-256). */
    steps: integer(1, 100_000).exactOptional(),
    isPersonalised: z.boolean(),
    hasOwnRanks: z.literal(true).exactOptional(),
    scoresMatrices: z.literal(true).exactOptional(),
    /** Words of 16 components (P-235). */
    live: z.array(integer(0, 0xffff)).min(1).max(limits.maxMaskWords).readonly().exactOptional(),
    scoresComponents: z.literal(true).exactOptional(),
    skew: z.strictObject({ dirichletAlpha: number(1e-6, 1e6) }).exactOptional(),
    fades: z.strictObject({ pruneTo: number(0, 1), penalty: number(0, 1e4) }).exactOptional(),
    /** Forward passes alone (P-251). */
    forward: z
      .strictObject({
        seed: integer(0, 2 ** 32 - 1),
        numDirections: integer(1, limits.maxDirections),
        perturbation: number(1e-6, 1),
        /** Examples. */
        maxExamples: integer(1, limits.maxExamples),
      })
      .exactOptional(),
  }),
  z.strictObject({ kind: z.literal("probe"), lanczosSteps: integer(1, limits.maxLanczosSteps) }),
  z.strictObject({
    kind: z.literal("evaluate"),
    protocols: z.array(evaluationProtocolSchema).min(1).max(limits.maxEvaluationResults).readonly(),
    splits: z.array(splitSchema).min(1).max(limits.maxEvaluationResults).readonly(),
    pool: seedPoolSchema.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("search"),
    populationSize: integer(2, limits.maxPopulation),
    numIterations: integer(1, limits.maxSearchIterations),
    covariance: z.enum(["full", "diagonal"]),
    initialStepSize: stepSizeSchema,
    stepSize: stepSizeSchema,
    stepSizeRule: stepSizeRuleSchema,
    corruptFraction: number(0, 1),
    /** Examples. */
    maxExamples: integer(1, limits.maxExamples),
    beginsAtZero: z.boolean(),
    /** A round. */
    toldFrom: ordinalSchema.nullable(),
    digest: digestSchema,
  }),
  z.strictObject({
    kind: z.literal("perturb"),
    pool: seedPoolSchema,
    /** In the pool. */
    places: z
      .array(integer(0, limits.maxSeeds - 1))
      .min(1)
      .max(limits.maxSeedSteps)
      .readonly(),
    perturbation: number(1e-30, 1),
    learningRate: number(0, 10),
    maxScalar: number(1e-30, limits.maxNumber),
  }),
  z.strictObject({
    kind: z.literal("edit"),
    numTrials: integer(1, limits.maxTrials),
    numCandidates: integer(1, limits.maxCandidates),
    /** Examples. */
    maxExamples: integer(1, limits.maxExamples),
    maxPublic: integer(1, limits.maxExamples),
    mostTokens: integer(1, limits.maxPromptTokens),
  }),
  z.strictObject({ kind: z.literal("logits"), large: folderNameSchema, topK: topKSchema }),
  z.strictObject({
    kind: z.literal("distil"),
    large: folderNameSchema,
    topK: topKSchema,
    a: number(0, 10),
    temperature: number(0.01, 100),
    /** Optimiser steps. */
    numSteps: integer(1, limits.maxSteps),
    /** Texts. */
    batchSize: integer(1, limits.maxBatchSize),
    learningRate: number(1e-8, 10),
  }),
  z.strictObject({
    kind: z.literal("answers"),
    numTexts: integer(1, limits.maxShownAnswers),
    /** Of one answer. */
    maxNewTokens: integer(1, limits.maxNewTokens),
  }),
]) satisfies z.ZodType<TaskSpec>;

const shapeSchema = z.array(integer(1, limits.maxTensorFloats)).max(limits.maxTensorRank).readonly();

/** What a task's contribution must be like (P-57). */
const taskExpectationSchema = z.strictObject({
  shapes: byName(shapeSchema, limits.maxTensors),
  encoding: encodingSchema,
  /** Examples. */
  batchSize: integer(1, limits.maxBatchSize),
  numExamples: integer(1, limits.maxExamples),
}) satisfies z.ZodType<TaskExpectation>;

/** Where a task's sets of parameters are (P-58). */
const parameterSetsSchema = byName(blobRefSchema, limits.maxParameterSets) satisfies z.ZodType<ParameterSets<BlobRef>>;

/** One task for one device, to be submitted under its id (P-30, P-31). */
export const taskLeaseSchema = z.strictObject({
  taskId: taskIdSchema,
  deviceId: deviceIdSchema,
  stage: stageSchema,
  round: ordinalSchema,
  step: ordinalSchema,
  attempt: ordinalSchema,
  spec: taskSpecSchema,
  parameterSets: parameterSetsSchema,
  expects: taskExpectationSchema,
  /** Milliseconds that are left when this is sent, or null for no deadline. */
  deadlineMs: integer(0, limits.maxDeadlineMs).nullable(),
});

const confusionSchema = z
  .array(z.array(integer(0, limits.maxExamples)).max(limits.maxClasses).readonly())
  .max(limits.maxClasses)
  .readonly();

const classificationResultSchema = z
  .strictObject({ protocol: evaluationProtocolSchema, split: splitSchema, confusion: confusionSchema, lossSum: lossSchema })
  .refine((result) => result.confusion.every((row) => row.length === result.confusion.length), {
    path: ["confusion"],
    error: "the confusion matrix is not square",
  }) satisfies z.ZodType<ClassificationResult>;

const exampleCount = integer(0, limits.maxExamples);
const tokenCount = integer(0, limits.maxAnswerTokens);

const generatedSumsSchema = z
  .strictObject({ numExamples: exampleCount, numExact: exampleCount, rougeLSum: number(0, limits.maxExamples) })
  .refine(({ numExamples, numExact, rougeLSum }) => Math.max(numExact, rougeLSum) <= numExamples, {
    error: "numExact and rougeLSum are at most numExamples",
  }) satisfies z.ZodType<GeneratedSums>;

const textSumsSchema = z
  .strictObject({
    numExamples: exampleCount,
    numTokens: tokenCount,
    numBytes: tokenCount,
    numRightTokens: tokenCount,
    generated: generatedSumsSchema.nullable(),
  })
  .refine(({ numTokens, numRightTokens }) => numRightTokens <= numTokens, {
    path: ["numRightTokens"],
    error: "numRightTokens is at most numTokens",
  })
  .refine(({ numExamples, generated }) => (generated?.numExamples ?? 0) <= numExamples, {
    path: ["generated"],
    error: "answers were generated for at most numExamples",
  }) satisfies z.ZodType<TextSums>;

const textResultSchema = z.strictObject({
  protocol: evaluationProtocolSchema,
  split: splitSchema,
  text: textSumsSchema,
  lossSum: lossSchema,
}) satisfies z.ZodType<TextResult>;

const evaluationResultSchema = z.union([classificationResultSchema, textResultSchema]) satisfies z.ZodType<EvaluationResult>;

const shownTextSchema = z.string().max(limits.maxShownText);

const shownAnswerSchema = z.strictObject({
  prompt: shownTextSchema,
  reference: shownTextSchema,
  answer: shownTextSchema,
}) satisfies z.ZodType<ShownAnswer>;

/** A contribution without its tensors; `train`, `search`, `perturb` and `distil` have some. */
const contributionHeaderSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("score"),
    /** One per layer, null where a layer is not scored; null as a whole when the device abstains. */
    layerScores: z.array(finiteSchema.nullable()).min(1).max(limits.maxLayers).readonly().nullable(),
  }),
  z.strictObject({
    kind: z.literal("train"),
    /** K_i, batches of the task (P-46). */
    numSteps: integer(1, limits.maxSteps),
    /** Of these, steps that were not taken (P-255). */
    numSkipped: integer(1, limits.maxSteps).exactOptional(),
    firstLoss: lossSchema,
    lastLoss: lossSchema,
    /** Exactly where the task asks for them (P-45). */
    matrixScores: byName(number(0, limits.maxNumber), limits.maxTensors).exactOptional(),
    /** Exactly where the task asks for them (P-236). */
    componentScores: byName(
      z.array(number(0, limits.maxNumber)).min(1).max(limits.maxComponents).readonly(),
      limits.maxTensors,
    ).exactOptional(),
  }),
  z
    .strictObject({
      kind: z.literal("probe"),
      ritzValues: z.array(finiteSchema).min(1).max(limits.maxLanczosSteps).readonly(),
      ritzWeights: z.array(roundedFractionSchema).min(1).max(limits.maxLanczosSteps).readonly(),
    })
    .refine((header) => header.ritzValues.length === header.ritzWeights.length, {
      path: ["ritzWeights"],
      error: "ritzValues and ritzWeights differ in length",
    })
    .refine((header) => Math.abs(header.ritzWeights.reduce((sum, weight) => sum + weight, 0) - 1) <= 0.01, {
      path: ["ritzWeights"],
      error: "ritzWeights do not sum to 1",
    }),
  z.strictObject({
    kind: z.literal("evaluate"),
    results: z.array(evaluationResultSchema).min(1).max(limits.maxEvaluationResults).readonly(),
  }),
  z.strictObject({
    kind: z.literal("search"),
    /** A loss, or the quotient of two. */
    fitness: number(0, limits.maxNumber),
    stepSize: stepSizeSchema,
  }),
  z.strictObject({
    kind: z.literal("edit"),
    /** Of the prompt, in order (P-246). */
    tokens: z.array(integer(0, maxVocabulary)).max(limits.maxPromptTokens).readonly(),
    accuracy: number(0, 1),
  }),
  z.strictObject({
    kind: z.literal("perturb"),
    /** Steps. */
    numSkipped: integer(0, limits.maxSeedSteps),
    firstLoss: lossSchema,
    lastLoss: lossSchema,
  }),
  z.strictObject({
    kind: z.literal("logits"),
    contentKey: sha256Schema,
    numTexts: integer(1, limits.maxExamples),
    numPositions: tokenCount,
    /** A total variation. */
    topKError: roundedFractionSchema,
  }),
  z.strictObject({
    kind: z.literal("distil"),
    numSteps: integer(1, limits.maxSteps),
    firstLoss: lossSchema,
    lastLoss: lossSchema,
    /** Mean difference of two scores. */
    drift: number(0, limits.maxNumber),
  }),
  z.strictObject({
    kind: z.literal("answers"),
    answers: z.array(shownAnswerSchema).min(1).max(limits.maxShownAnswers).readonly(),
  }),
]);

/** A contribution to a leased task (P-40 to P-46). */
export const submitSchema = z
  .strictObject({
    taskId: taskIdSchema,
    deviceId: deviceIdSchema,
    header: contributionHeaderSchema,
    /** The delta y_i − W of the shared names in the binary codec; exactly when the header says `train`, `search`, `perturb` or `distil`. */
    tensors: bytes(limits.maxTensorBytes).exactOptional(),
    /** The device's new state, only where the welcome asks for it (P-56). */
    state: bytes(limits.maxTensorBytes).exactOptional(),
  })
  .refine((submit) => carriesTensors(submit.header.kind) === (submit.tensors !== undefined), {
    path: ["tensors"],
    error: "tensors are sent with a train, search, perturb or distil contribution and with no other",
  });

/** What became of a submission that was not refused. */
export const submitOutcomeSchema = z.strictObject({ outcome: z.enum(["accepted", "duplicate", "late"]) });

/** How far a device is in a task; may be lost (P-35). */
export const progressSchema = z.strictObject({
  taskId: taskIdSchema,
  step: integer(0, limits.maxSteps),
  numSteps: integer(1, limits.maxSteps),
  /** Mean loss of the last step, null where there is none. */
  loss: lossSchema.nullable(),
});

/** The device cannot do a task, or with no task the client cannot contribute at all (P-33). */
export const declineSchema = z.strictObject({ taskId: taskIdSchema.nullable(), reason: z.string().min(1).max(limits.maxReason) });

/** A task that is leased to a device (P-30). */
export type TaskLease = z.infer<typeof taskLeaseSchema>;
/** A contribution without its tensors. */
export type ContributionHeader = z.infer<typeof contributionHeaderSchema>;
/** A contribution to a task, sent until it is answered (P-40). */
export type Submit = z.infer<typeof submitSchema>;
/** How a submission was answered (P-41, P-42). */
export type SubmitOutcome = z.infer<typeof submitOutcomeSchema>["outcome"];
/** How far a task is; it may be lost (P-35). */
export type TaskProgress = z.infer<typeof progressSchema>;
/** Why a task, or with null every task, cannot be done (P-33). */
export type Decline = z.infer<typeof declineSchema>;

/** A body's header, ready to submit beside its encoded delta; what the coordinator's own files say is left out. */
export function headerOf(body: ContributionBody): ContributionHeader {
  if (body.kind === "edit") return { kind: body.kind, tokens: body.tokens, accuracy: body.accuracy };
  if (!("delta" in body)) return body;
  const { delta: _, ...header } = body;
  return header;
}
