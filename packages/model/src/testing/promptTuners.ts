import { createRandom, type TunedEntry, type TunedMethod } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { createAttemptTuner } from "../tuning/attempt.ts";
import { createIdpgTuner } from "../tuning/idpg.ts";
import { createInputPromptTuner } from "../tuning/inputPrompt.ts";
import { createLatePromptTuner } from "../tuning/latePrompt.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createProjectedPromptTuner } from "../tuning/projectedPrompt.ts";
import type { SourcePrompt } from "../tuning/sourcePrompts.ts";
import type { Tuner } from "../tuning/tuner.ts";

const promptTokens = 3;

const projected = { method: "projectedPrompt", promptTokens, dimension: 11, spread: 20 } as const;

/** A method with prompt rows among the texts' rows, with what it trains on a tiny backbone. */
interface PromptMethod {
  readonly name: "inputPrompt" | "idpg" | "latePrompt" | "attempt" | "projectedPrompt";
  readonly tuning: TunedMethod;
  create(transformer: Transformer): Tuner;
}

/** Two frozen prompts so large that the attention over them differs from text to text. */
export function tinySources(width: number): Float32Array[] {
  const random = createRandom(17).stream({ purpose: "sources" });
  return [0, 1].map(() => Float32Array.from({ length: promptTokens * width }, () => 4 * random.normal()));
}

/** `tinySources` as files hold them, named `a` and `b`. */
export function tinySourcePrompts(width: number): SourcePrompt[] {
  return tinySources(width).map((values, i) => ({
    formatVersion: 1,
    name: "ab"[i],
    backbone: "tiny",
    task: "ag_news",
    numExamples: 9,
    numSteps: 2,
    learningRate: 0.1,
    seed: 1,
    shape: [promptTokens, width],
    values: [...values],
  }));
}

/** The five methods. */
export const promptMethods: readonly PromptMethod[] = [
  {
    name: "inputPrompt",
    tuning: { method: "inputPrompt", promptTokens, initial: "vocabulary", head: "labelWords" },
    create: (transformer) => createInputPromptTuner(transformer, { promptTokens, initial: "vocabulary" }, createRandom(5)),
  },
  { name: "idpg", tuning: { method: "idpg", promptTokens, bottleneck: 4, head: "labelWords" }, create: createIdpgTuner },
  {
    name: "latePrompt",
    tuning: { method: "latePrompt", promptTokens, bottleneck: 4, head: "labelWords" },
    create: (transformer) => createLatePromptTuner(transformer, { promptTokens }),
  },
  {
    name: "attempt",
    tuning: { method: "attempt", promptTokens, bottleneck: 4, sources: ["a", "b"], head: "labelWords" },
    create: (transformer) => createAttemptTuner(transformer, tinySources(transformer.config.hiddenSize)),
  },
  {
    name: "projectedPrompt",
    tuning: { ...projected, head: "labelWords" },
    create: (transformer) => createProjectedPromptTuner(transformer, projected, createRandom(5)),
  },
];

/** What a method trains on a backbone, head not counted. */
export function promptEntriesOf({ tuning }: PromptMethod, { config }: Transformer): readonly TunedEntry[] {
  return tunedLayout(config, tuning, 0).entries;
}
