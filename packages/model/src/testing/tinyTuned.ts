import { createRandom } from "@tutti/core";
import { createTransformer } from "../backbone/transformer.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { goldenBackbone } from "./golden.ts";

/** The tiny golden roberta with a linear head over 3 classes and 3 prompt tokens, on the current backend. */
export function tinyTuned(): Tuned {
  const transformer = createTransformer(goldenBackbone("roberta"));
  const layout = tunedLayout(transformer.config, { method: "prefix", promptTokens: 3, head: "linear" }, 3);
  return {
    transformer,
    tuner: createPrefixTuner(transformer),
    layout,
    objective: { head: "linear", numClasses: 3 },
    positionsAfterPrefix: false,
  };
}

/** Examples of 2 to 11 tokens that a model can tell apart: the class decides which tokens occur. */
export function tinyExamples(numExamples: number, seed = 3): EncodedExample[] {
  const random = createRandom(seed).stream({ purpose: "examples" });
  return Array.from({ length: numExamples }, () => {
    const label = random.integer(3);
    const ids = Array.from({ length: 2 + random.integer(10) }, () => 4 + 30 * label + random.integer(30));
    return { ids, maskPosition: null, label };
  });
}
