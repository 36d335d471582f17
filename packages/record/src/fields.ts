import type { LayerSelector, MainMetric, Protocol, RunSettings, Split, Stage, TaskKind } from "@tutti/core";
import { z } from "zod";

/** A list that nobody changes. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(item).readonly();

/** A number as it was measured: JSON has no NaN and no infinity and writes null, which reads back as NaN. */
export const measured = z
  .union([z.number(), z.nan(), z.literal(Number.POSITIVE_INFINITY), z.literal(Number.NEGATIVE_INFINITY), z.null()])
  .transform((value): number => value ?? Number.NaN);

/** How predictions were made and counted. */
export const protocolField = z.enum(["personalised", "global", "newcomer", "zeroShot"] satisfies Protocol[]);

/** Which rows were predicted. */
export const splitField = z.enum(["validation", "test"] satisfies Split[]);

/** The stages of a run. */
export const stageField = z.enum(["score", "count", "train"] satisfies Stage[]);

/** What the tasks of a step asked for. */
export const kindField = z.enum([
  "score",
  "train",
  "probe",
  "evaluate",
  "search",
  "edit",
  "perturb",
  "logits",
  "distil",
  "answers",
] satisfies TaskKind[]);

/** What a run's main score is. */
export const metricField = z.enum([
  "accuracy",
  "macroF1",
  "matthews",
  "meanOfAccuracyAndF1",
  "tokenAccuracy",
  "exactMatch",
  "rougeL",
] satisfies MainMetric[]);

/** How layers were chosen; a selector of another version is none of these and still a name. */
export const selectorField = z.string() as unknown as z.ZodType<LayerSelector>;

/** Settings as a record holds them: those of an older version lack what there was no choice of then, so that they are read as they are. */
export const settingsField = z.looseObject({
  task: z.string(),
  backbone: z.string(),
  seed: z.number(),
  numDevices: z.number(),
  numRounds: z.number(),
  training: z.looseObject({}),
  strategy: z.looseObject({ name: z.string() }),
}) as unknown as z.ZodType<RunSettings>;

/** Bytes on the wire as the clients see them: `up` leaves a client, `down` reaches it. */
export const wireBytesField = z.object({ up: z.number(), down: z.number() }).readonly();
