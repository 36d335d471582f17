import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { randomBackbone } from "./shapes.ts";
import { measureSparseStep } from "./sparseStep.ts";

beforeAll(() => startBackend("wasm", { threads: 1 }));
afterAll(() => tf.setBackend("cpu"));

test("a step that trains a hundredth of the matrices holds far less than full fine-tuning, and leaves nothing on the backend", async () => {
  const shape = {
    family: "roberta",
    hiddenSize: 64,
    intermediateSize: 128,
    numLayers: 2,
    numHeads: 4,
    numKeyValueHeads: 4,
    vocabSize: 90,
  } as const;
  const lora = { method: "lora", rank: 8, alpha: 16, targets: ["q", "k", "v", "o", "up", "down"], head: "labelWords" } as const;
  const before = tf.memory().numTensors;
  const { timesLora, peakBytes } = await measureSparseStep(randomBackbone(shape, "int8"), { numTexts: 2, numTokens: 8 }, lora, {
    density: 0.01,
    minRounds: 2,
    maxRounds: 2,
    budgetMs: 0,
  });
  const matrices = 2 * 4 * (4 * 64 * 64 + 2 * 64 * 128); // bytes of the six in f32, in both layers
  expect(timesLora).toBeGreaterThan(0);
  expect(peakBytes.sparse).toBeGreaterThan(matrices); // they are there as products read them
  expect(peakBytes.sparse).toBeLessThan(0.75 * peakBytes.full);
  expect(tf.memory().numTensors).toBe(before);
});
