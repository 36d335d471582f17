import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { measureStep } from "./measureStep.ts";
import { randomBackbone } from "./shapes.ts";

beforeAll(() => startBackend("wasm", { threads: 1 }));
afterAll(() => tf.setBackend("cpu"));

test("steps taken in turns have equal losses, and leave nothing on the backend", async () => {
  const shape = {
    family: "llama",
    hiddenSize: 32,
    intermediateSize: 64,
    numLayers: 2,
    numHeads: 4,
    numKeyValueHeads: 2,
    vocabSize: 90,
  } as const;
  const before = tf.memory().numTensors;
  const step = await measureStep(randomBackbone(shape, "int4"), { numTexts: 3, numTokens: 7 }, { minRounds: 3, maxRounds: 3, budgetMs: 0 });
  expect(step.numRounds).toBe(3);
  expect(step.timesStock).toBeGreaterThan(0);
  expect(step.lossDifference).toBeLessThan(1e-5); // sums of f32 in another order, four steps deep
  expect(tf.memory().numTensors).toBe(before);
});
