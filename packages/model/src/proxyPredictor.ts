import { createRandom, type Params, type RunSettings } from "@tutti/core";
import { createPrompter, findTask, requireTextTask, type TextExample } from "@tutti/data";
import type { PackedBackbone } from "./backbone/packed.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { requirePair } from "./compute/pair.ts";
import { createCausalReader } from "./generation.ts";
import { createProxyReader } from "./proxyReader.ts";
import { scoreProxy } from "./proxyScoring.ts";
import { createTextReader } from "./textReader.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { Tuned } from "./training/gradient.ts";
import { scoreTexts, type TextScored } from "./training/textEvaluation.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";
import { createBareTuner } from "./tuning/prefix.ts";

/** Who answers: the large model as it is, the small one as it was tuned, or the large one shifted by what tuning changed of the small one. */
export type ProxyAnswerer = "large" | "small" | "proxy";

/** What is asked of it, and how long an answer may be. */
export interface ProxyQuestion {
  readonly of: ProxyAnswerer;
  readonly maxNewTokens: number;
  readonly signal?: AbortSignal;
}

/** A proxy-tuned large model on the backend that computes now. */
export interface ProxyPredictor {
  /** By greedy decoding; the example's own answer is not read. */
  answer(example: TextExample, question: ProxyQuestion): Promise<string>;
  /** Every token of the examples' own answers, predicted from all before it; the small model's room decides how much of a long text is read. */
  score(examples: readonly TextExample[], of: ProxyAnswerer, signal?: AbortSignal): Promise<TextScored>;
  dispose(): void;
}

/** Both models of a pair, and what the small one was tuned to. */
export interface ProxyPair {
  readonly large: PackedBackbone;
  readonly small: PackedBackbone;
  readonly run: Pick<RunSettings, "task" | "tuning" | "seed">;
  readonly params: Params;
}

/** Puts both models on the backend. Throws a sentence where they have no common vocabulary. */
export async function createProxyPredictor({ large, small, run, params }: ProxyPair, a: number): Promise<ProxyPredictor> {
  requirePair(large, small);
  const task = requireTextTask(findTask(run.task), "proxy-tuning");
  const prompter = await createPrompter(task, small.tokenizerConfig);
  const tokenizer = createTokenizer(small.tokenizerJson ?? "", small.tokenizerConfig);
  const [ofLarge, ofSmall] = [createTransformer(large), createTransformer(small)];
  const layout = tunedLayout(small.config, run.tuning, null);
  const tuner = createTuner(ofSmall, run.tuning, { random: createRandom(run.seed), sourcePrompts: [] });
  const parts = { transformer: ofSmall, tokenizer, layout, tuner };
  const common = { tuning: run.tuning, prompter };
  const readers = {
    small: createTextReader(parts, task, common),
    proxy: createTextReader(parts, task, {
      ...common,
      beside: (tuned) => createProxyReader({ large: createCausalReader(ofLarge), tuned, untuned: createCausalReader(ofSmall) }, a),
    }),
    large: createTextReader(parts, task, {
      ...common,
      beside(own) {
        own.dispose();
        return createCausalReader(ofLarge);
      },
    }),
  };
  const { tuned } = readers.small;
  const bare: Tuned = { ...tuned, transformer: ofLarge, tuner: createBareTuner(ofLarge), positionsAfterPrefix: false };
  return {
    async score(examples, of, signal) {
      const encoded = readers.small.encode(examples);
      if (of === "small") return scoreTexts(tuned, params, encoded, signal);
      if (of === "large") return scoreTexts(bare, null, encoded, signal);
      return scoreProxy({ large: bare, small: tuned, params, a }, encoded, signal);
    },
    answer: (example, { of, maxNewTokens, signal }) => readers[of].answer(params, example, maxNewTokens, signal),
    dispose() {
      ofLarge.dispose();
      ofSmall.dispose();
    },
  };
}
