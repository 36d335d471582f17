import type { RunSettings } from "@tutti/core";
import { z } from "zod";
import { encodingSchema, folderNameSchema, fractionSchema, integer, number, taskNameSchema } from "./fields.ts";
import { limits } from "./limits.ts";
import { tuningSchema } from "./tuningSettings.ts";

const dirichletAlpha = number(1e-6, 1e6);

const partitionSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("dirichletLabel"), dirichletAlpha }),
  z.strictObject({ kind: z.literal("dirichletQuantity"), dirichletAlpha }),
  z.strictObject({ kind: z.literal("iid") }),
  z.strictObject({ kind: z.literal("byField") }),
]);

const trainingSchema = z.strictObject({
  localEpochs: integer(1, 1000),
  /** Examples. */
  batchSize: integer(1, limits.maxBatchSize),
  /** Per optimiser step. */
  clientLearningRate: number(0, 10),
  weightDecay: fractionSchema,
  clipNorm: number(1e-6, 1e6),
  resetMoments: z.boolean(),
  /** The default is what runs did before there was a choice; so it is with every default here. */
  optimizer: z.enum(["adamW", "momentum", "sgd"]).default("adamW"),
  /** μ. */
  proximal: number(0, 1e4).default(0),
});

/** How a layer's importance is measured; `score` is the paper's. */
export const layerSelectorSchema = z.enum(["score", "naswot", "l1", "l2", "random", "all", "first", "middle", "last"]);

const fedPepTaoSchema = z.strictObject({
  name: z.literal("fedPepTao"),
  selector: layerSelectorSchema,
  scoringDropout: z.boolean(),
  maskPadding: z.boolean(),
  /** Examples. */
  minScoringBatch: integer(1, limits.maxBatchSize),
  scoreLastLayer: z.boolean(),
  keepFraction: z.union([z.literal("auto"), fractionSchema]),
  countingRounds: integer(0, limits.maxRounds),
  /** Optimiser steps. */
  countingWarmupSteps: integer(0, limits.maxSteps),
  initialPrompts: z.enum(["fresh", "counting"]),
  probeDevices: integer(1, limits.maxDevices),
  lanczosSteps: integer(1, limits.maxLanczosSteps),
  probeScale: z.enum(["absolute", "relative"]),
  serverLearningRate: z.union([z.literal("client"), number(0, 10)]),
  /** Factor per round. */
  serverLearningRateDecay: fractionSchema,
  serverLearningRateFloor: number(0, 10),
  serverMomentum: fractionSchema,
  serverStep: z.enum(["parallel", "sequential"]),
  pseudoGradient: z.enum(["difference", "displacement"]),
  controlVariates: z.boolean(),
});

/** Per round. */
const serverLearningRate = number(0, 100);

const strategySchema = z.discriminatedUnion("name", [
  fedPepTaoSchema,
  z.strictObject({ name: z.literal("fedAvg"), fineTuneEpochs: integer(0, 1000).default(0) }),
  z.strictObject({
    name: z.literal("fedOpt"),
    optimizer: z.enum(["adam", "yogi"]),
    serverLearningRate,
    beta1: number(0, 0.9999),
    beta2: number(0, 0.999999),
    tau: number(1e-9, 1e3),
  }),
  z.strictObject({ name: z.literal("scaffold"), serverLearningRate }),
  z.strictObject({ name: z.literal("local") }),
]);

function hasLayers(method: RunSettings["tuning"]["method"]): boolean {
  return ["prefix", "adapter", "lora", "full"].includes(method);
}

/** Lets a check of several fields judge them where each of them is sound, whatever is wrong elsewhere: so all faults are told at once. */
function ifSound(...names: readonly (keyof RunSettings)[]) {
  const isOfThese = (key: PropertyKey | undefined) => names.some((name) => name === key);
  return ({ issues }: z.core.ParsePayload) =>
    issues.every(({ code, path: [key] = [] }) => (key === undefined ? code === "unrecognized_keys" : !isOfThese(key)));
}

/** Everything that decides a run's numbers, with bounds; unknown names are refused. */
export const runSettingsSchema = z
  .strictObject({
    seed: integer(0, 2 ** 32 - 1),
    backbone: folderNameSchema,
    task: taskNameSchema,
    roster: z.enum(["fixed", "open"]),
    numDevices: integer(1, limits.maxDevices),
    /** Journals from before there was a choice do not say it. */
    maxDevices: integer(1, limits.maxDevices).default(500),
    minDevices: integer(1, limits.maxDevices),
    cohortSize: integer(1, limits.maxDevices),
    numRounds: integer(1, limits.maxRounds),
    /** Rounds. */
    evaluateEvery: integer(1, limits.maxRounds),
    /** Journals from before there was a choice do not say it. */
    evaluateZeroShot: z.boolean().default(true),
    /** Milliseconds of coordinator uptime. */
    deadlineMs: integer(1, limits.maxDeadlineMs).nullable(),
    quorum: fractionSchema,
    partition: partitionSchema,
    tuning: tuningSchema,
    training: trainingSchema,
    strategy: strategySchema,
    contributionEncoding: encodingSchema,
    paramsEncoding: encodingSchema,
  })
  .refine((run) => run.roster === "open" || run.cohortSize <= run.numDevices, {
    path: ["cohortSize"],
    error: "cohortSize is above numDevices: lower it, or give more devices",
    when: ifSound("roster", "cohortSize", "numDevices"),
  })
  .refine((run) => run.roster === "open" || run.minDevices <= run.numDevices, {
    path: ["minDevices"],
    error: "minDevices is above numDevices: lower it, or give more devices",
    when: ifSound("roster", "minDevices", "numDevices"),
  })
  .refine((run) => run.roster === "fixed" || run.cohortSize <= run.maxDevices, {
    path: ["cohortSize"],
    error: "cohortSize is above maxDevices: lower it, or let more devices in",
    when: ifSound("roster", "cohortSize", "maxDevices"),
  })
  .refine((run) => run.roster === "fixed" || run.minDevices <= run.maxDevices, {
    path: ["minDevices"],
    error: "minDevices is above maxDevices: lower it, or let more devices in",
    when: ifSound("roster", "minDevices", "maxDevices"),
  })
  .refine(({ strategy, training }) => strategy.name !== "scaffold" || (training.optimizer === "sgd" && training.clientLearningRate > 0), {
    path: ["training", "optimizer"],
    error: "scaffold needs sgd with a rate above 0, because it computes the control variates from plain gradient steps",
    when: ifSound("strategy", "training"),
  })
  .refine(({ strategy, tuning }) => strategy.name !== "fedPepTao" || strategy.selector === "all" || hasLayers(tuning.method), {
    path: ["strategy", "selector"],
    error: "only prefix, adapter, lora and full have layers to choose from; give selector all",
    when: ifSound("strategy", "tuning"),
  }) satisfies z.ZodType<RunSettings>;
