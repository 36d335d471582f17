import { createRandom, initialParams, type Params } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { tinyExamples, tinyTuned } from "../testing/tinyTuned.ts";
import { batchesOf, predictAll, scoresOf } from "./evaluation.ts";
import type { Tuned } from "./gradient.ts";

let tuned: Tuned;
let params: Params;

beforeAll(async () => {
  await startBackend("wasm");
  tuned = tinyTuned();
  const random = createRandom(4).stream({ purpose: "head" });
  const initial = initialParams(tuned.layout.entries, createRandom(1));
  params = { ...initial, "head/weight": { shape: [3, 32], data: Float32Array.from({ length: 96 }, () => random.normal()) } };
});

test("predictions come in the order of the examples, whatever is batched with what", async () => {
  const examples = tinyExamples(12);
  const together = await predictAll(tuned, params, examples);
  for (const [index, example] of examples.entries()) {
    const alone = await predictAll(tuned, params, [example]);
    expect(alone.classes[0]).toBe(together.classes[index]);
    expect(alone.losses[0]).toBe(together.losses[index]);
    expect(alone.probabilities[0]).toEqual(together.probabilities[index]);
  }
  expect(new Set(together.losses.map((loss) => loss.toFixed(3))).size).toBeGreaterThan(6);
});

test("a class's probability is the softmax of its logit: at the true class its logarithm is the loss, and the predicted class has the largest", async () => {
  const examples = tinyExamples(6);
  const { classes, losses, probabilities } = await predictAll(tuned, params, examples);
  for (const [index, { label }] of examples.entries()) {
    const ofClass = probabilities[index];
    expect(ofClass.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    expect(-Math.log(ofClass[label])).toBeCloseTo(losses[index], 4); // f32 logits
    expect(Math.max(...ofClass)).toBe(ofClass[classes[index]]);
  }
});

test("batches hold every example once, in order, and as many as fit into 1024 tokens", () => {
  const examples = [400, 600, 24, 1, 1500, 3].map((length) => ({ ids: new Array<number>(length).fill(5), maskPosition: null, label: 0 }));
  expect(batchesOf(examples)).toEqual([[0, 1, 2], [3], [4], [5]]);
});

test("the confusion matrix has true classes in rows", () => {
  const examples = [2, 2, 0].map((label) => ({ ids: [5], maskPosition: null, label }));
  const scores = scoresOf({ classes: [2, 1, 0], losses: [0.5, 2, 0.25] }, examples, 3);
  expect(scores).toEqual({
    confusion: [
      [1, 0, 0],
      [0, 0, 0],
      [0, 1, 1],
    ],
    lossSum: 2.75,
  });
});

test("an evaluation of nothing is empty", async () => {
  expect(await predictAll(tuned, params, [])).toEqual({ classes: [], losses: [], probabilities: [] });
});
