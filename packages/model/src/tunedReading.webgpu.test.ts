import * as tf from "@tensorflow/tfjs";
import { createRandom, type TunedMethod } from "@tutti/core";
import { expect, test } from "vitest";
import { tokenBatch } from "./backbone/batch.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { createTunedReader } from "./generation.ts";
import { goldenBackbone } from "./testing/golden.ts";
import { drawValues } from "./testing/layerTuners.ts";
import { shareGpu } from "./testing/sharedGpu.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { flattenTuned, tunedLayout, valuesFor } from "./tuning/layout.ts";

shareGpu();

const ids = [5, 17, 80, 33, 9, 71, 12];
const numGiven = 3;
const methods: readonly TunedMethod[] = [
  { method: "lora", rank: 3, alpha: 6, head: "labelWords" },
  { method: "full", head: "labelWords" },
  { method: "latePrompt", promptTokens: 3, bottleneck: 4, head: "labelWords" },
];

test.each(methods.map((tuning) => [tuning.method, tuning] as const))(
  "a llama tuned by %s reads on from its keys and values as if it read all at once",
  { timeout: 60_000 },
  async (_, tuning) => {
    const transformer = createTransformer(goldenBackbone("llama"));
    const tuner = createTuner(transformer, tuning, { random: createRandom(5) });
    const layout = tunedLayout(transformer.config, tuning, null);
    const params = drawValues(layout.entries, 0.2);
    const atOnce = tf.tidy(() => {
      const batch = { ...tokenBatch([ids], 0), contextLengths: [numGiven] };
      const values = valuesFor(tuner, layout, tf.tensor1d(flattenTuned(layout, params)));
      const pass = tuner.forward(values, batch, { positionsAfterPrefix: true, hasGradient: false });
      const rows = tf.slice2d(pass.last, [pass.rowOf(0, 0), 0], [ids.length, transformer.config.hiddenSize]);
      return transformer.head.forward(rows, null, false).logits;
    });
    const expected = await atOnce.data<"float32">();
    atOnce.dispose();
    const width = transformer.config.vocabSize;
    const reader = createTunedReader(
      { transformer, tuner, layout, positionsAfterPrefix: true },
      params,
      tuning.method === "latePrompt" ? 3 : 0,
    );
    let numRead = 0;
    for (const count of [numGiven, 1, 1, 2]) {
      const logits = await reader.read(ids.slice(numRead, numRead + count));
      numRead += count;
      const row = expected.subarray((numRead - 1) * width, numRead * width);
      for (const [i, value] of row.entries()) expect(logits[i]).toBeCloseTo(value, 4); // f32 logits of about 3
    }
    reader.dispose();
    transformer.dispose();
  },
);
