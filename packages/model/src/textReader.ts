import {
  addTextSums,
  compareTexts,
  createRandom,
  type GeneratedSums,
  noText,
  type Params,
  promptTokensOf,
  type RunSettings,
} from "@tutti/core";
import type { PromptedText, Prompter, TextExample, TextTask } from "@tutti/data";
import { encodeAnswer, encodePrompt } from "./answerEncoding.ts";
import { type CausalReader, type ContinuationOptions, continueText, createTunedReader, requireCausal } from "./generation.ts";
import { type NamedRows, type Reader, type ReaderParts, remembering } from "./reader.ts";
import type { Tuned } from "./training/gradient.ts";
import type { EncodedExample } from "./training/objective.ts";
import { throwIfAborted, yieldToEvents } from "./training/pause.ts";
import { scoreTexts, type TextScored } from "./training/textEvaluation.ts";

/** How a text task's examples reach a causal backbone, and how it answers them. */
export interface TextReader extends Reader<TextExample> {
  /**
   * The answer that a tuned backbone, or with null params the bare one, gives by greedy decoding: to a message, whose own answer is not read, or
   * how a text to be continued goes on.
   */
  answer(params: Params | null, example: TextExample, maxNewTokens: number, signal?: AbortSignal): Promise<string>;
  /** The same, its tokens chosen as asked; with how many tokens of the prompt did not fit. */
  draw(params: Params | null, example: TextExample, options: DrawOptions): Promise<{ readonly text: string; readonly numCut: number }>;
  /** Predicts every token of the examples' answers; generates none. */
  score(params: Params | null, examples: readonly TextExample[], among: NamedRows<TextExample>, signal?: AbortSignal): Promise<TextScored>;
}

/** How the tokens of an answer are chosen. */
export type DrawOptions = Omit<ContinuationOptions, "stopTokens" | "onToken">;

/** Throws a sentence where a backbone cannot do a task. */
export function requireAnswering(task: Pick<TextTask, "name" | "kind">, config: Parameters<typeof requireCausal>[0]): void {
  try {
    requireCausal(config);
  } catch (cause) {
    throw new Error(`${task.name} is a ${task.kind} task, but ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** How a text task is read. */
export interface TextReaderOptions {
  readonly tuning: RunSettings["tuning"];
  readonly prompter: Prompter;
  /** What generates in place of the backbone's own reader, of which it disposes. */
  readonly beside?: (own: CausalReader) => CausalReader;
}

/** Reads a text task as the run's tuning does. Throws where the backbone is an encoder. */
export function createTextReader(
  { transformer, tokenizer, layout, tuner }: ReaderParts,
  task: TextTask,
  { tuning, prompter, beside = (own) => own }: TextReaderOptions,
): TextReader {
  requireAnswering(task, transformer.config);
  const { positionsAfterPrefix } = tuning;
  const firstPosition = positionsAfterPrefix ? (promptTokensOf(tuning) ?? 0) : 0;
  const maxTokens = transformer.config.maxPositions - firstPosition;
  const tuned: Tuned = { transformer, tuner, layout, objective: { head: "answer" }, positionsAfterPrefix };

  function encodeOne(example: TextExample): EncodedExample {
    const { ids, start, isCut } = encodeAnswer(tokenizer, prompter(example), maxTokens);
    const judged = isCut ? tokenizer.decode(ids.slice(start)) : judgedText(example);
    return { ids, maskPosition: null, label: 0, answer: { start, numBytes: numBytes(judged.trim()) } };
  }

  function asked(example: TextExample): PromptedText {
    if (example.kind === "continuation") return { prompt: example.text, answer: "", isChat: false };
    return prompter({ ...example, answer: "" });
  }

  const draw: TextReader["draw"] = async (params, example, options) => {
    const { ids, stopTokens, maxNewTokens, numCut } = encodePrompt(tokenizer, asked(example), { maxTokens, ...options });
    const reader = beside(createTunedReader(tuned, params, firstPosition));
    const found = await continueText(reader, ids, { ...options, maxNewTokens, stopTokens });
    return { text: tokenizer.decode(found).trim(), numCut };
  };

  async function answer(params: Params | null, example: TextExample, maxNewTokens: number, signal?: AbortSignal): Promise<string> {
    return (await draw(params, example, { ...greedy, random: noDraws(), maxNewTokens, signal })).text;
  }

  async function compareAnswers(
    params: Params | null,
    examples: readonly TextExample[],
    maxNewTokens: number,
    signal: AbortSignal | undefined,
  ): Promise<GeneratedSums | null> {
    let sums = noText;
    for (const example of examples) {
      throwIfAborted(signal);
      const generated = compareTexts(judgedText(example), await answer(params, example, maxNewTokens, signal));
      sums = addTextSums(sums, { ...noText, generated });
      await yieldToEvents();
    }
    return sums.generated;
  }

  const encode = remembering(encodeOne);
  const score: TextReader["score"] = (params, examples, among, signal) => scoreTexts(tuned, params, encode(examples, among), signal);
  return {
    tuned,
    labelWords: null,
    encode,
    answer,
    draw,
    score,
    async evaluate(params, examples, { among, maxGenerated, maxNewTokens, signal }) {
      const { text, lossSum } = await score(params, examples, among, signal);
      const asked = task.kind === "reply" ? examples.slice(0, maxGenerated) : [];
      return { lossSum, text: { ...text, generated: await compareAnswers(params, asked, maxNewTokens, signal) } };
    },
  };
}

const greedy = { temperature: 0, topP: 1 } as const;

/** Greedy decoding draws nothing. */
function noDraws() {
  return createRandom(0).stream({ purpose: "greedy" });
}

function judgedText(example: TextExample): string {
  return example.kind === "reply" ? example.answer : example.text;
}

function numBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
