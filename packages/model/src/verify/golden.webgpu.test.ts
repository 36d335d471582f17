import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { goldenErrorsOf, worstErrors } from "../testing/golden.ts";
import { provideNodeGpu } from "../testing/nodeGpu.ts";

test("the webgpu backend on Dawn computes roberta's golden numbers", { timeout: 120_000 }, async (context) => {
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  const { adapter } = await startBackend("webgpu");
  expect(adapter).not.toBe("");
  const numTensors = tf.memory().numTensors;
  const errors = await goldenErrorsOf("roberta");
  expect(Object.keys(errors).length).toBeGreaterThan(10);
  expect(worstErrors(errors).exact).toBeLessThan(1e-4); // exp, tanh and sqrt of a GPU may be a few units off
  expect(worstErrors(errors).hessian).toBeLessThan(2e-3);
  expect(await goldenErrorsOf("roberta", { hasSpectrum: false })).toEqual(errors); // the same bits twice
  expect(tf.memory().numTensors).toBe(numTensors);
});
