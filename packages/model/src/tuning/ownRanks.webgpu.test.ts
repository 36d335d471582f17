import * as tf from "@tensorflow/tfjs";
import type { LoraOwn } from "@tutti/core";
import { expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, probe, tinyTokens } from "../testing/layerTuners.ts";
import { cut, padded, ranksOf } from "../testing/paddedRanks.ts";
import { shareGpu } from "../testing/sharedGpu.ts";
import { relativeError } from "../verify/relativeError.ts";
import { tunedLayout } from "./layout.ts";
import { createLoraTuner } from "./lora.ts";
import { layoutAt } from "./ownLayout.ts";

shareGpu();

test("a llama at a device's own ranks has the states and gradients of the run's rank with zeros, and leaves no tensor", {
  timeout: 60_000,
}, async () => {
  const transformer = createTransformer(goldenBackbone("llama"));
  const own: LoraOwn = { rank: 5, alpha: 8, targets: ["q", "k", "v", "o", "up", "gate", "down"] };
  const layout = tunedLayout(transformer.config, { method: "lora", ...own, head: "labelWords" }, 0);
  const values = drawValues(layout.entries, 0.2);
  const ranks = ranksOf(values);
  const tuner = createLoraTuner(transformer, own, {
    entries: layoutAt(layout, cut(values)).entries,
    ranks: (layer, { name }) => ranks.get(`lora/${layer}/${name}/a`) ?? 0,
  });
  const expected = await probe(createLoraTuner(transformer, own), padded(values), tinyTokens());
  const { numTensors } = tf.memory();
  const found = await probe(tuner, cut(values), tinyTokens());
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(relativeError(found.last, expected.last)).toBeLessThan(3e-6); // f32, summed in another order
  const whole = Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, { shape, data: expected.gradients[name] }]));
  for (const [name, { data }] of Object.entries(cut(whole))) expect(relativeError(found.gradients[name], data), name).toBeLessThan(3e-5); // the same through three layers, one way and back
  transformer.dispose();
});
