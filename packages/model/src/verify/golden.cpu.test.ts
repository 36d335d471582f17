import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenErrorsOf, worstErrors } from "../testing/golden.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

// f32 against float64: measured 1e-7 to 3e-6; a misplaced ε or decay in AdamW is at 2e-4
test.each(["roberta", "bert", "gpt2", "llama", "llama3"])("the cpu backend computes %s's golden numbers", async (family) => {
  const numTensors = tf.memory().numTensors;
  const errors = await goldenErrorsOf(family, { hasSpectrum: false });
  expect(Object.keys(errors).length).toBeGreaterThan(10);
  expect(worstErrors(errors).exact).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(numTensors);
});
