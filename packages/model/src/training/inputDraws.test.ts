import * as tf from "@tensorflow/tfjs";
import { createRandom, type LoraOwn, type TrainingSettings, type TunedMethod } from "@tutti/core";
import { expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues } from "../testing/layerTuners.ts";
import { tinyExamples } from "../testing/tinyTuned.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { relativeError } from "../verify/relativeError.ts";
import { predictAll } from "./evaluation.ts";
import type { Tuned } from "./gradient.ts";
import { trainLocally } from "./localTraining.ts";

const training: TrainingSettings = {
  localEpochs: 2,
  batchSize: 4,
  clientLearningRate: 0.01,
  weightDecay: 0.1,
  clipNorm: 1,
  resetMoments: true,
  optimizer: "adamW",
  proximal: 0,
};
const all = ["q", "k", "v", "o", "up", "gate", "down"] as const;

function tunedWith(more: Partial<LoraOwn> & { readonly dropout?: number }): Tuned {
  const transformer = createTransformer(goldenBackbone("llama"));
  const tuning: TunedMethod = { method: "lora", rank: 3, alpha: 6, targets: all, head: "linear", ...more };
  const layout = tunedLayout(transformer.config, tuning, 3);
  const tuner = createTuner(transformer, tuning, { random: createRandom(1) });
  return { transformer, tuner, layout, objective: { head: "linear", numClasses: 3 }, positionsAfterPrefix: false };
}

async function train(tuned: Tuned, seed = 9): Promise<Float32Array> {
  const random = createRandom(seed);
  const start = drawValues(tuned.layout.entries, 0.05);
  const { params } = await trainLocally(tuned, start, tinyExamples(10), {
    training,
    promptDropout: 0.1,
    warmupSteps: 0,
    stageSteps: 0,
    moments: null,
    shuffle: createRandom(9).stream({ purpose: "shuffle" }),
    dropout: random.stream({ purpose: "dropout" }),
  });
  return Float32Array.from(tuned.layout.entries.flatMap(({ name }) => [...params[name].data]));
}

test("LoRA's dropout follows from the seed, is the same on every backend, and leaves no tensor", async () => {
  const found: Record<string, Float32Array> = {};
  for (const backend of ["cpu", "wasm"] as const) {
    await startBackend(backend);
    const [dropping, whole] = [tunedWith({ dropout: 0.3 }), tunedWith({})];
    const { numTensors } = tf.memory();
    found[backend] = await train(dropping);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(await train(dropping)).toEqual(found[backend]);
    expect(relativeError(await train(dropping, 10), found[backend])).toBeGreaterThan(0.01);
    expect(relativeError(await train(whole), found[backend])).toBeGreaterThan(0.01);
    expect(await train(tunedWith({ dropout: 0 }), 10)).toEqual(await train(whole)); // whatever the seed of draws that are not made
  }
  // Adam's first steps divide small gradients by themselves; other draws are at 0.01 and more
  expect(relativeError(found.wasm, found.cpu)).toBeLessThan(1e-3);
});

test("nothing is dropped where a text is only read", async () => {
  await startBackend("wasm");
  const [dropping, whole] = [tunedWith({ dropout: 0.5 }), tunedWith({})];
  const params = drawValues(whole.layout.entries, 0.1);
  const examples = tinyExamples(6);
  expect(await predictAll(dropping, params, examples)).toEqual(await predictAll(whole, params, examples));
});
