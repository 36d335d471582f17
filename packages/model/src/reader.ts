import type { RunSettings } from "@tutti/core";
import type { Example, TaskDefinition } from "@tutti/data";
import type { Transformer } from "./backbone/transformer.ts";
import { createNextWordPrompt, createSuffixPrompt } from "./causalTemplate.ts";
import { createTaskEncoder, type ExampleEncoder } from "./template.ts";
import type { TextTokenizer } from "./tokenizer.ts";
import type { Tuned } from "./training/gradient.ts";
import type { EncodedExample, Objective } from "./training/objective.ts";
import type { TunedLayout } from "./tuning/layout.ts";
import type { Tuner } from "./tuning/tuner.ts";

/** How examples reach the backbone, and what is asked of it. */
export interface Reader {
  readonly tuned: Tuned;
  /** An error names the row by its number among `among`, by default these; never its text. */
  encode(examples: readonly Example[], among?: NamedRows): EncodedExample[];
}

/** Rows that an error counts, and what it calls them, such as `training examples`. */
export interface NamedRows {
  readonly name: string;
  readonly rows: readonly Example[];
}

/** What a reader is made over. */
export interface ReaderParts {
  readonly transformer: Transformer;
  readonly tokenizer: TextTokenizer;
  readonly layout: TunedLayout;
  readonly tuner: Tuner;
}

/** Reads a task's examples as the run's tuning does, or, for a zero-shot answer, through label words whatever the run's head. */
export function createReader(backbone: ReaderParts, task: TaskDefinition, tuning: RunSettings["tuning"]): Reader {
  const { transformer, tokenizer, layout, tuner } = backbone;
  const { positionsAfterPrefix } = tuning;
  const promptTokens = "promptTokens" in tuning ? tuning.promptTokens : 0;
  const { objective, encoder } = questionOf(transformer, tokenizer, task, tuning);
  const maxTokens = transformer.config.maxPositions - (positionsAfterPrefix ? promptTokens : 0);
  return { tuned: { transformer, tuner, layout, objective, positionsAfterPrefix }, encode: remembering(encoder, maxTokens) };
}

/** Reads a task's examples for an answer without prompts: label words at the mask, or for a causal backbone its words in a suffix, which needs no single tokens. */
export function createZeroShotReader(backbone: ReaderParts, task: TaskDefinition, tuning: RunSettings["tuning"]): Reader {
  const lossOver = backbone.transformer.config.isCausal ? "vocabulary" : "labelWords";
  return createReader(backbone, task, { ...tuning, head: "labelWords", lossOver, positionsAfterPrefix: false });
}

/**
 * How the task is put to this backbone. Causal ones have no mask: with a loss over the vocabulary they score the filled-in suffix, as the
 * official code does; with a loss over label words these are the next token.
 */
function questionOf(
  { config }: Transformer,
  tokenizer: TextTokenizer,
  task: TaskDefinition,
  { head, lossOver }: RunSettings["tuning"],
): { objective: Objective; encoder: ExampleEncoder } {
  if (head === "labelWords" && config.isCausal) {
    if (lossOver === "vocabulary") {
      const { encoder, suffixes } = createSuffixPrompt(tokenizer, task);
      return { encoder, objective: { head: "suffix", suffixes } };
    }
    const { encoder, labelIds } = createNextWordPrompt(tokenizer, task);
    return { encoder, objective: { head: "labelWords", lossOver, words: labelIds } };
  }
  const { prompt, encode } = createTaskEncoder(tokenizer, task, head);
  if (prompt === null) return { encoder: { encode }, objective: { head: "linear", numClasses: task.classes.length } };
  return { encoder: { encode }, objective: { head: "labelWords", lossOver, words: prompt.labelIds } };
}

/** Encodes each example once: tasks of later rounds ask for the same ones. */
function remembering(encoder: ExampleEncoder, maxTokens: number): Reader["encode"] {
  const known = new WeakMap<Example, EncodedExample>();
  return (examples, among = { name: "examples", rows: examples }) =>
    examples.map((example) => {
      const before = known.get(example);
      if (before !== undefined) return before;
      const encoded = atRow(example, among, () => ({ ...encoder.encode(example, maxTokens), label: example.label }));
      known.set(example, encoded);
      return encoded;
    });
}

function atRow<T>(example: Example, { name, rows }: NamedRows, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`row ${rows.indexOf(example) + 1} of ${rows.length} ${name}: ${reason}`, { cause });
  }
}
