import * as tf from "@tensorflow/tfjs";
import { createRandom, promptTokensOf, type TunedMethod } from "@tutti/core";
import { describe, expect, test } from "vitest";
import { tokenBatch } from "./backbone/batch.ts";
import { createTransformer, type Transformer } from "./backbone/transformer.ts";
import { startBackend } from "./backends.ts";
import { createTunedReader } from "./generation.ts";
import { goldenBackbone } from "./testing/golden.ts";
import { drawValues, layerMethods } from "./testing/layerTuners.ts";
import { promptMethods, tinySourcePrompts } from "./testing/promptTuners.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { flattenTuned, type TunedLayout, tunedLayout, valuesFor } from "./tuning/layout.ts";
import type { Tuner } from "./tuning/tuner.ts";

const methods: readonly TunedMethod[] = [
  { method: "prefix", promptTokens: 3, head: "labelWords" },
  ...layerMethods.map(({ tuning }) => tuning),
  ...promptMethods.map(({ tuning }) => tuning),
];
const ids = [5, 17, 80, 33, 9, 71, 12];
const numGiven = 3;

interface Method {
  readonly transformer: Transformer;
  readonly tuner: Tuner;
  readonly layout: TunedLayout;
  readonly positionsAfterPrefix: boolean;
}

/** The logits behind the text's last token, of a pass that reads it all at once and was given its first tokens. */
async function logitsAtOnce({ transformer, tuner, layout, positionsAfterPrefix }: Method, vector: Float32Array, numRead: number) {
  const logits = tf.tidy(() => {
    const batch = { ...tokenBatch([ids.slice(0, numRead)], 0), contextLengths: [numGiven] };
    const pass = tuner.forward(valuesFor(tuner, layout, tf.tensor1d(vector)), batch, { positionsAfterPrefix, hasGradient: false });
    const last = tf.slice2d(pass.last, [pass.rowOf(0, numRead - 1), 0], [1, transformer.config.hiddenSize]);
    return transformer.head.forward(last, null, false).logits;
  });
  return logits.data<"float32">().finally(() => logits.dispose());
}

describe.each([
  ["cpu", "gpt2", false],
  ["cpu", "llama", true],
  ["wasm", "llama", false],
  ["wasm", "gpt2", true],
] as const)("on %s a %s (positions after the prompt: %s)", (backend, family, positionsAfterPrefix) => {
  test.each(methods.map((tuning) => [tuning.method, tuning] as const))(
    "tuned by %s reads on from its keys and values as if it read all at once",
    async (_, tuning) => {
      await startBackend(backend);
      const transformer = createTransformer(goldenBackbone(family));
      const sourcePrompts = tinySourcePrompts(transformer.config.hiddenSize);
      const tuner = createTuner(transformer, tuning, { random: createRandom(5), sourcePrompts });
      const layout = tunedLayout(transformer.config, tuning, 0);
      const method = { transformer, tuner, layout, positionsAfterPrefix };
      const params = drawValues(layout.entries, 0.2);
      await logitsAtOnce(method, flattenTuned(layout, params), numGiven); // what the backbone keeps is kept from here on
      const numTensors = tf.memory().numTensors;
      const reader = createTunedReader(method, params, positionsAfterPrefix ? (promptTokensOf(tuning) ?? 0) : 0);
      let numRead = 0;
      for (const count of [numGiven, 1, 1, 2]) {
        const logits = await reader.read(ids.slice(numRead, numRead + count));
        numRead += count;
        const expected = await logitsAtOnce(method, flattenTuned(layout, params), numRead);
        for (const [i, value] of expected.entries()) expect(logits[i]).toBeCloseTo(value, 4); // f32 logits of about 3
      }
      reader.dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
      transformer.dispose();
    },
  );
});
