import { z } from "zod";
import { listOf } from "./fields.ts";
import { runRecordSchema } from "./runRecord.ts";

/** The rows of a task that an experiment used. */
const taskDataSchema = z
  .object({
    task: z.string(),
    numTrain: z.number(),
    numValidation: z.number(),
    numTest: z.number(),
    /** How they came about, in sentences. */
    notes: listOf(z.string()),
    /** Hash of the files of a set that was added; null for one that comes with the project, absent in results from before it was kept. */
    rows: z.string().nullable().exactOptional(),
  })
  .readonly();

/** What is on record of a source prompt that runs of ATTEMPT used. */
const sourceRecordSchema = z
  .object({
    name: z.string(),
    backbone: z.string(),
    tokens: z.number(),
    /** The task whose training part it was trained on. */
    task: z.string(),
    numExamples: z.number(),
    numSteps: z.number(),
    learningRate: z.number(),
    /** Accuracy on the source's own validation rows before the first step and after the last; null where it was not measured. */
    validation: z.object({ numExamples: z.number(), before: z.number(), after: z.number() }).readonly().nullable(),
    /** Of its file. */
    sha256: z.string(),
  })
  .readonly();

const triedRate = z.object({ clientLearningRate: z.number(), runId: z.string(), validation: z.number().nullable() }).readonly();

/** The rates that were tried for a method, and which one validation chose. */
const rateChoiceSchema = z
  .object({
    /** `<method>/<task>/<variant>`: what the choice holds for. */
    key: z.string(),
    method: z.string(),
    task: z.string(),
    /** The seed on which it was made. */
    seed: z.number(),
    tried: listOf(triedRate),
    /** Null when no run of the grid finished. */
    chosen: z.number().nullable(),
  })
  .readonly();

/**
 * All that an experiment came to; `results.json` of an experiment's folder, and of a run's, which is an experiment of one run. What older results
 * do not say is empty.
 */
export const experimentResultSchema = z
  .object({
    /** The file's name without ending, or the run's id. */
    name: z.string(),
    title: z.string(),
    /** The built-in experiment it is, or null for another file. */
    preset: z.string().nullable().default(null),
    /** The command that made it, from the project's folder; absent in results from before it was kept. */
    command: z.string().exactOptional(),
    /** What the experiment asks; empty for a run by itself. */
    question: z.string().default(""),
    /** Of the checkout, with `+` and a hash of what differs where files do; null without git. */
    commit: z.string().nullable().default(null),
    /** Processor, cores, system. */
    machine: z.string().default("unknown machine"),
    /** ISO date and time. */
    startedAt: z.string().default(""),
    /** The parsed file, defaults filled in; empty for a run by itself. */
    experiment: z.record(z.string(), z.unknown()).readonly().default({}),
    /** Sentences for the reader. */
    notes: listOf(z.string()).default([]),
    data: listOf(taskDataSchema).default([]),
    /** The source prompts of runs of ATTEMPT; absent in results from before they were kept. */
    sources: listOf(sourceRecordSchema).exactOptional(),
    rates: listOf(rateChoiceSchema).default([]),
    /** In the order of the experiment. */
    runs: listOf(runRecordSchema),
  })
  .readonly();

/** The rows of a task that an experiment used. */
export type TaskData = z.infer<typeof taskDataSchema>;
/** What is on record of a source prompt that runs of ATTEMPT used. */
export type SourceRecord = z.infer<typeof sourceRecordSchema>;
/** The rates that were tried for a method, and which one validation chose. */
export type RateChoice = z.infer<typeof rateChoiceSchema>;
/** All that an experiment came to: its runs and what is known of it as a whole. */
export type ExperimentResult = z.infer<typeof experimentResultSchema>;
