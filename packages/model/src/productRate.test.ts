import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { measureRate } from "./productRate.ts";

test("the rate is that of the fastest product, in operations per second, and no tensor is left", async () => {
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors;
  const times = [0, 50, 50, 80, 80, 100, 100, 140]; // the first warms up; then 30, 20 and 40 ms
  expect(await measureRate(() => times.shift() ?? Number.NaN)).toBeCloseTo((2 * 192 ** 3) / 0.02, 3);
  expect(tf.memory().numTensors).toBe(before);
});

test("measuring takes less than two seconds on the slowest backend", async () => {
  await tf.setBackend("cpu");
  const startedAt = performance.now();
  const rate = await measureRate();
  expect(performance.now() - startedAt).toBeLessThan(2000);
  expect(rate).toBeGreaterThan(1e6);
  expect(rate).toBeLessThan(1e15);
});
