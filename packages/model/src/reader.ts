import { type ClassificationResult, type Params, promptTokensOf, type RunSettings, type TextResult } from "@tutti/core";
import type { ClassificationTask, Example, TextExample } from "@tutti/data";
import type { Transformer } from "./backbone/transformer.ts";
import { createNextWordPrompt, createSuffixPrompt } from "./causalTemplate.ts";
import { createTaskEncoder, type ExampleEncoder } from "./template.ts";
import type { TextTokenizer } from "./tokenizer.ts";
import { predictAll, scoresOf } from "./training/evaluation.ts";
import type { Tuned } from "./training/gradient.ts";
import type { EncodedExample, Objective } from "./training/objective.ts";
import type { TunedLayout } from "./tuning/layout.ts";
import type { Tuner } from "./tuning/tuner.ts";

/** What a tuned backbone's predictions of some examples come to. */
export type ReaderScores = Omit<ClassificationResult, "protocol" | "split"> | Omit<TextResult, "protocol" | "split">;

/** How an evaluation goes. */
export interface EvaluationOptions<E = Example> {
  /** What an error counts rows among. */
  readonly among: NamedRows<E>;
  /** Answers are generated for the first examples, at most this many; only for texts that are answered with text. */
  readonly maxGenerated: number;
  readonly maxNewTokens: number;
  readonly signal?: AbortSignal | undefined;
}

/** How examples reach the backbone, and what is asked of it. */
export interface Reader<E = Example> {
  readonly tuned: Tuned;
  /** The word that answers for each class; null for a linear head. */
  readonly labelWords: readonly string[] | null;
  /** An error names the row by its number among `among`, by default these; never its text. */
  encode(examples: readonly E[], among?: NamedRows<E>): EncodedExample[];
  /** Predicts the examples; null params mean the bare backbone. */
  evaluate(params: Params | null, examples: readonly E[], options: EvaluationOptions<E>): Promise<ReaderScores>;
  /** As that of `TextReader`; only where answers are texts. */
  answer?(params: Params | null, example: E, maxNewTokens: number, signal?: AbortSignal): Promise<string>;
}

/** Of any task. */
export type AnyExample = Example | TextExample;

/** Rows that an error counts, and what it calls them, such as `training examples`. */
export interface NamedRows<E = Example> {
  readonly name: string;
  readonly rows: readonly E[];
}

/** What a reader is made over. */
export interface ReaderParts {
  readonly transformer: Transformer;
  readonly tokenizer: TextTokenizer;
  readonly layout: TunedLayout;
  readonly tuner: Tuner;
}

/** Reads a task's examples as the run's tuning does, or, for a zero-shot answer, through label words whatever the run's head. */
export function createReader(backbone: ReaderParts, task: ClassificationTask, tuning: RunSettings["tuning"]): Reader {
  const { transformer, tokenizer, layout, tuner } = backbone;
  const { positionsAfterPrefix } = tuning;
  const promptTokens = promptTokensOf(tuning) ?? 0;
  const { objective, encoder, labelWords } = questionOf(transformer, tokenizer, task, tuning);
  const maxTokens = transformer.config.maxPositions - (positionsAfterPrefix ? promptTokens : 0);
  const tuned = { transformer, tuner, layout, objective, positionsAfterPrefix };
  const encode = remembering<Example>((example) => ({ ...encoder.encode(example, maxTokens), label: example.label }));
  return {
    tuned,
    labelWords,
    encode,
    async evaluate(params, examples, { among, signal }) {
      const encoded = encode(examples, among);
      return scoresOf(await predictAll(tuned, params, encoded, signal), encoded, task.classes.length);
    },
  };
}

/** Reads a task's examples for an answer without prompts: label words at the mask, or for a causal backbone its words in a suffix, which needs no single tokens. */
export function createZeroShotReader(backbone: ReaderParts, task: ClassificationTask, tuning: RunSettings["tuning"]): Reader {
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
  task: ClassificationTask,
  { head, lossOver }: RunSettings["tuning"],
): { objective: Objective; encoder: ExampleEncoder; labelWords: readonly string[] | null } {
  if (head === "labelWords" && config.isCausal) {
    if (lossOver === "vocabulary") {
      const { encoder, suffixes, labelWords } = createSuffixPrompt(tokenizer, task);
      return { encoder, labelWords, objective: { head: "suffix", suffixes } };
    }
    const { encoder, labelIds, labelWords } = createNextWordPrompt(tokenizer, task);
    return { encoder, labelWords, objective: { head: "labelWords", lossOver, words: labelIds } };
  }
  const { prompt, encode } = createTaskEncoder(tokenizer, task, head);
  if (prompt === null) return { encoder: { encode }, labelWords: null, objective: { head: "linear", numClasses: task.classes.length } };
  return { encoder: { encode }, labelWords: prompt.labelWords, objective: { head: "labelWords", lossOver, words: prompt.labelIds } };
}

/** Encodes each example once: tasks of later rounds ask for the same ones. */
export function remembering<E extends object>(encode: (example: E) => EncodedExample): Reader<E>["encode"] {
  const known = new WeakMap<E, EncodedExample>();
  return (examples, among = { name: "examples", rows: examples }) =>
    examples.map((example) => {
      const before = known.get(example);
      if (before !== undefined) return before;
      const encoded = atRow(example, among, () => encode(example));
      known.set(example, encoded);
      return encoded;
    });
}

function atRow<E, T>(example: E, { name, rows }: NamedRows<E>, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`row ${rows.indexOf(example) + 1} of ${rows.length} ${name}: ${reason}`, { cause });
  }
}
