import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenErrorsOf, worstErrors } from "../testing/golden.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

// f32 against float64: measured 1e-7 to 3e-6; a misplaced ε or decay in AdamW is at 2e-4
test.each(["bert", "gpt2", "llama", "llama3"])("the cpu backend computes %s's golden numbers", async (family) => {
  const numTensors = tf.memory().numTensors;
  const errors = await goldenErrorsOf(family, { hasSpectrum: false });
  expect(Object.keys(errors).length).toBeGreaterThan(10);
  expect(worstErrors(errors).exact).toBeLessThan(1e-5);
  expect(worstErrors(errors).hessian).toBeLessThan(2e-3);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test("the cpu backend computes roberta's golden numbers, spectrum included", { timeout: 60_000 }, async () => {
  const numTensors = tf.memory().numTensors;
  const errors = await goldenErrorsOf("roberta");
  expect(Object.keys(errors).length).toBeGreaterThan(16);
  const worst = worstErrors(errors);
  expect(worst.exact).toBeLessThan(1e-5);
  expect(worst.hessian).toBeLessThan(2e-3); // products by differences, and what is derived from them
  expect(worst.ritz).toBeLessThan(2e-3);
  expect(errors["keep share, absolute"]).toBeLessThan(1e-3);
  expect(errors["keep share, relative"]).toBeLessThan(1e-3);
  expect(tf.memory().numTensors).toBe(numTensors);
});
