import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";
import { tensorEncodings } from "@tutti/core";
import { tokenBatch } from "../backbone/batch.ts";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import type { WeightForm } from "../backbone/weights.ts";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { vectorGradient } from "../training/gradient.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { randomEncoder } from "./randomBackbone.ts";

// `measurePackedStep.ts [--hidden 128] [--tokens 24] [--batch 2] [--rounds 4]`: one prompt-tuning step on Dawn, matrices packed and
// unpacked in turns in one run, as a ratio for each encoding.
const { values: given } = parseArgs({
  options: {
    hidden: { type: "string", default: "128" },
    tokens: { type: "string", default: "24" },
    batch: { type: "string", default: "2" },
    rounds: { type: "string", default: "4" },
  },
});
const [hiddenSize, numTokens, batchSize, numRounds] = [given.hidden, given.tokens, given.batch, given.rounds].map(Number);

async function stepMs(transformer: Transformer): Promise<number> {
  const layout = tunedLayout(transformer.config, { method: "prefix", promptTokens: 8, head: "labelWords" }, 2);
  const objective = { head: "labelWords", lossOver: "vocabulary", words: [5, 7] } as const;
  const tuned = { transformer, tuner: createPrefixTuner(transformer), layout, objective, positionsAfterPrefix: false };
  const text = Array.from({ length: numTokens }, (_, i) => 3 + ((7 * i) % 90));
  const tokens = tokenBatch(
    Array.from({ length: batchSize }, () => text),
    1,
  );
  const labels = Array.from({ length: batchSize }, (_, i) => i % 2);
  const prompt = tf.tensor1d(Float32Array.from({ length: layout.numValues }, (_, i) => Math.sin(i) / 2));
  const start = performance.now();
  const { loss, gradient } = vectorGradient(tuned, prompt, { tokens, labels, maskPositions: labels.map(() => 1) });
  await gradient.data();
  const ms = performance.now() - start;
  tf.dispose([prompt, loss, gradient]);
  return ms;
}

if (!(await provideNodeGpu())) throw new Error("no WebGPU adapter for Node");
process.stdout.write(`${(await startBackend("webgpu")).adapter}\n`);
for (const encoding of tensorEncodings) {
  const backbone = randomEncoder({ hiddenSize, intermediateSize: 4 * hiddenSize, numLayers: 2, numHeads: 4, vocabSize: 500 }, encoding);
  const forms: readonly WeightForm[] = ["packed", "unpacked"];
  const transformers = forms.map((weights) => createTransformer(backbone, { weights }));
  const times: number[][] = [[], []];
  for (let round = 0; round <= numRounds; round++) {
    for (const [i, transformer] of transformers.entries()) {
      const ms = await stepMs(transformer);
      if (round > 0) times[i].push(ms); // the first one compiles
    }
  }
  const [packed, unpacked] = times.map((list) => Math.min(...list));
  process.stdout.write(
    `${encoding}: a step takes ${(packed / unpacked).toFixed(2)} times that of unpacked matrices (${packed.toFixed(0)} and ${unpacked.toFixed(0)} ms)\n`,
  );
  for (const transformer of transformers) transformer.dispose();
}
process.exit(0); // Dawn keeps the process alive
