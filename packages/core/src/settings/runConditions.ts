import { z } from "zod";
import { aggregationSchema } from "../aggregation/table.ts";
import { scheduledOrderSchema } from "../orders/standingOrder.ts";
import { pacingSettings } from "../pacing/settings.ts";
import { encodingSchema, folderNameSchema, fractionSchema, integer, number, taskNameSchema } from "./fields.ts";
import { settingLimits as limits } from "./limits.ts";
import type { Unchanging } from "./unchanging.ts";

const dirichletAlpha = number(1e-6, 1e6);

/** How a data set is dealt out to devices (fedpeptao.md §2). */
const partitionSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("dirichletLabel"), dirichletAlpha }),
  z.strictObject({ kind: z.literal("dirichletQuantity"), dirichletAlpha }),
  z.strictObject({ kind: z.literal("iid") }),
  z.strictObject({ kind: z.literal("byField") }),
]);

/** Local training on a device (fedpeptao.md §5, step 3). */
const trainingSchema = z.strictObject({
  /** E. */
  localEpochs: integer(1, 1000),
  /** K: optimiser steps of every device's round, over as many epochs as they take, in place of E epochs; absent for these. */
  localSteps: integer(1, 100_000).exactOptional(),
  /** B, examples per batch. */
  batchSize: integer(1, limits.maxBatchSize),
  /** η, per optimiser step. */
  clientLearningRate: number(0, 10),
  /** Decoupled weight decay: θ ← θ − η · weightDecay · θ. */
  weightDecay: fractionSchema,
  /** Largest global norm of a step's gradient. */
  clipNorm: number(1e-6, 1e6),
  /** Whether the optimiser's moments and step counter start at zero in every task. */
  resetMoments: z.boolean(),
  /** AdamW, SGD with momentum 0.9, or plain SGD. The default is what runs did before there was a choice; so it is with every default here. */
  optimizer: z.enum(["adamW", "momentum", "sgd"]).default("adamW"),
  /** μ of FedProx (https://arxiv.org/abs/1812.06127): μ (θ − start of the task) is added to the gradient before it is clipped; 0 = off. */
  proximal: number(0, 1e4).default(0),
});

const labelTextSchema = z
  .string()
  .max(limits.maxLabel)
  .regex(/^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u)
  .describe(`1 to ${limits.maxLabel} characters`);

/** A class that is made up for a run. */
const labelSchema = z.strictObject({
  name: labelTextSchema,
  /** Its label word: one token of the backbone. */
  word: labelTextSchema,
});

/** How much an evaluation generates. */
const generationSchema = z.strictObject({
  /** For each protocol, all devices together. */
  numAnswers: integer(0, limits.maxAnswers).exactOptional(),
  /** Of one answer. */
  maxNewTokens: integer(1, limits.maxNewTokens).exactOptional(),
});

/** A run's settings but for what is trained and by which strategy. */
export const runConditions = {
  seed: integer(0, 2 ** 32 - 1),
  /** Folder name under public/backbones. */
  backbone: folderNameSchema,
  /** Built-in task such as `feedback/topic`. */
  task: taskNameSchema,
  /** Classes that whoever started the run made up, whose texts are typed and labelled in the tabs; absent where the task has its own. */
  labels: z.array(labelSchema).min(2).max(limits.maxLabels).readonly().exactOptional(),
  roster: z.enum(["fixed", "open"]),
  /** N of a fixed roster; the shares of the partition. */
  numDevices: integer(1, limits.maxDevices),
  /** The most devices of an open roster. Journals from before there was a choice do not say it. */
  maxDevices: integer(1, limits.maxDevices).default(500),
  /** An open roster starts when this number of devices is registered. */
  minDevices: integer(1, limits.maxDevices),
  /**
   * The most examples with which a device of an open roster counts in a weight, since what a client claims of its own examples cannot be checked;
   * absent for no limit.
   */
  maxCountedExamples: integer(1, 1_000_000).exactOptional(),
  /** Helper devices fill an open roster up to this number while fewer of people's devices are there; absent for none. */
  helpers: z.strictObject({ fillTo: integer(1, 64) }).exactOptional(),
  /** S. */
  cohortSize: integer(1, limits.maxDevices),
  /** T, rounds of the train stage. */
  numRounds: integer(1, limits.maxRounds),
  /** Rounds. */
  evaluateEvery: integer(1, limits.maxRounds),
  /**
   * Whether the first evaluation also looks at the backbone without prompts, label words at the mask. Journals from before there was a choice
   * do not say it.
   */
  evaluateZeroShot: z.boolean().default(true),
  /** Answers that are generated in an evaluation of a task whose answers are texts, greedily; absent for 64 of at most 48 tokens. */
  generation: generationSchema.exactOptional(),
  /** Milliseconds of coordinator uptime a step may take, or null for no deadline. */
  deadlineMs: integer(1, limits.maxDeadlineMs).nullable(),
  /** Share of a step's tasks that must be in at the deadline. */
  quorum: fractionSchema,
  ...pacingSettings,
  /** By which rule the server makes one update of those of a step; absent for the mean, which is what runs did before there was a choice. */
  aggregation: aggregationSchema.exactOptional(),
  /** What an operator could order, by training round; absent for none. */
  orders: z.array(scheduledOrderSchema).max(1000).readonly().exactOptional(),
  partition: partitionSchema,
  training: trainingSchema,
  /** Encoding of a contribution's delta y_i − W. */
  contributionEncoding: encodingSchema,
  /** Encoding of W on its way to the devices. */
  paramsEncoding: encodingSchema,
};

const conditionsSchema = z.strictObject(runConditions);

/** A run's settings but for what is trained and by which strategy. */
export type RunConditions = Unchanging<z.output<typeof conditionsSchema>>;

/** How a data set is dealt out to devices (fedpeptao.md §2). */
export type PartitionSettings = RunConditions["partition"];

/** Local training on a device (fedpeptao.md §5, step 3). */
export type TrainingSettings = RunConditions["training"];
