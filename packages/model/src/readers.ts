import type { RunSettings } from "@tutti/core";
import { createPrompter, type TaskDefinition } from "@tutti/data";
import { type AnyExample, createReader, createZeroShotReader, type Reader, type ReaderParts } from "./reader.ts";
import { createTextReader } from "./textReader.ts";

/** How a task's examples are read as the run's tuning does, and for an answer without prompts. */
export interface Readers {
  readonly reader: Reader<AnyExample>;
  /** Of classes through label words; throws where the backbone lacks them. */
  createZeroShot(): Reader<AnyExample>;
}

/** The readers of a task of any kind; `tokenizerConfig` is the text of the checkpoint's tokenizer_config.json. */
export async function createReaders(
  parts: ReaderParts,
  task: TaskDefinition,
  { tuning, tokenizerConfig }: { readonly tuning: RunSettings["tuning"]; readonly tokenizerConfig: string | null },
): Promise<Readers> {
  if (task.kind === "classification") {
    return { reader: createReader(parts, task, tuning), createZeroShot: () => createZeroShotReader(parts, task, tuning) };
  }
  const prompter = await createPrompter(task, tokenizerConfig);
  const create = (own: RunSettings["tuning"]) => createTextReader(parts, task, { tuning: own, prompter });
  return { reader: create(tuning), createZeroShot: () => create({ ...tuning, positionsAfterPrefix: false }) };
}
