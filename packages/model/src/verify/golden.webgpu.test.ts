import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { goldenErrorsOf } from "../testing/golden.ts";
import { pastTolerance } from "./verifyBackbone.ts";

test("the webgpu backend on Dawn computes roberta's golden numbers", { timeout: 120_000 }, async (context) => {
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  const { adapter } = await startBackend("webgpu");
  expect(adapter).not.toBe("");
  const numTensors = tf.memory().numTensors;
  const errors = await goldenErrorsOf("roberta");
  expect(Object.keys(errors).length).toBeGreaterThan(10);
  expect(pastTolerance(errors, "webgpu")).toEqual({}); // exp, tanh and sqrt of a GPU may be a few units off
  expect(await goldenErrorsOf("roberta", { hasSpectrum: false })).toEqual(errors); // the same bits twice
  expect(tf.memory().numTensors).toBe(numTensors);
});
