import { createRandom, packingFor, packTensor } from "@tutti/core";
import { type PackedBackbone, packedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { goldenBackbone } from "./golden.ts";

/** The tiny golden roberta with a linear head over 3 classes and 3 prompt tokens, on the current backend. */
export function tinyTuned(backbone = goldenBackbone("roberta")): Tuned {
  const transformer = createTransformer(backbone);
  const layout = tunedLayout(transformer.config, { method: "prefix", promptTokens: 3, head: "linear" }, 3);
  return {
    transformer,
    tuner: createPrefixTuner(transformer),
    layout,
    objective: { head: "linear", numClasses: 3 },
    positionsAfterPrefix: false,
  };
}

/** A token that no example has, and whose embedding is not finite in `brokenBackbone`. */
export const brokenToken = 3;

/** The tiny golden roberta with a damaged row in its table of words. */
export function brokenBackbone(): PackedBackbone {
  const sound = goldenBackbone("roberta");
  const table = "embeddings.word";
  const { shape, data } = sound.tensor(table);
  data.fill(Number.NaN, brokenToken * shape[1], (brokenToken + 1) * shape[1]);
  const damaged = packTensor(shape, data, packingFor("f32"));
  const tensors = new Map(sound.names.map((name) => [name, name === table ? damaged : sound.packed(name)]));
  return packedBackbone({ name: "broken", config: sound.config, manifest: null, tensors, tokenizerJson: null, tokenizerConfig: null });
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
