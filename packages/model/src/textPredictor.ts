import { createRandom, type Params, type RunSettings, type TextSums } from "@tutti/core";
import { createPrompter, findTask, requireTextTask, type TextExample } from "@tutti/data";
import type { PackedBackbone } from "./backbone/packed.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { createTextReader } from "./textReader.ts";
import { createTokenizer } from "./tokenizer.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";
import type { SourcePrompt } from "./tuning/sourcePrompts.ts";

/** A backbone with tuned parameters that answers with text, on the backend that computes now. */
export interface TextPredictor {
  /** As `TextReader.answer`, at most this many tokens long. `of: "backbone"` asks it without what was tuned. */
  answer(example: TextExample, options: AnswerRequest): Promise<string>;
  /** Every token of the examples' own answers, predicted from all before it. `lossSum` is in nats. */
  score(examples: readonly TextExample[], of?: AnswerRequest["of"]): Promise<{ readonly text: TextSums; readonly lossSum: number }>;
  dispose(): void;
}

/** How an answer is made. */
export interface AnswerRequest {
  readonly maxNewTokens: number;
  readonly of?: "tuned" | "backbone" | undefined;
  /** What is tuned, with the same names, in place of the run's. */
  readonly params?: Params | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Puts a loaded backbone on the current backend to answer with every trained parameter of a run, and for ATTEMPT with its source prompts. */
export async function createTextPredictor(
  backbone: PackedBackbone,
  run: Pick<RunSettings, "task" | "tuning" | "seed">,
  params: Params,
  sourcePrompts: readonly SourcePrompt[] = [],
): Promise<TextPredictor> {
  if (backbone.tokenizerJson === null)
    throw new Error(`backbone ${backbone.name} has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json`);
  const task = requireTextTask(findTask(run.task), "answering with text");
  const prompter = await createPrompter(task, backbone.tokenizerConfig);
  const tokenizer = createTokenizer(backbone.tokenizerJson, backbone.tokenizerConfig);
  const layout = tunedLayout(backbone.config, run.tuning, null);
  const transformer = createTransformer(backbone);
  const tuner = createTuner(transformer, run.tuning, { random: createRandom(run.seed), sourcePrompts });
  const parts = { transformer, tokenizer, layout, tuner };
  const readers = {
    tuned: createTextReader(parts, task, { tuning: run.tuning, prompter }),
    backbone: createTextReader(parts, task, { tuning: { ...run.tuning, positionsAfterPrefix: false }, prompter }),
  };
  const paramsOf = { tuned: params, backbone: null };
  return {
    answer(example, { maxNewTokens, of = "tuned", params: own = params, signal }) {
      return readers[of].answer(of === "tuned" ? own : null, example, maxNewTokens, signal);
    },
    score: (examples, of = "tuned") => readers[of].score(paramsOf[of], examples, { name: "examples", rows: examples }),
    dispose: () => transformer.dispose(),
  };
}
