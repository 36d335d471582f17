import * as tf from "@tensorflow/tfjs";
import { beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { countGpu, runningGpuDevice } from "./gpuCounters.ts";
import { provideNodeGpu } from "./nodeGpu.ts";

beforeEach(async (context) => {
  if (!(await provideNodeGpu())) context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
});

/** Two dispatches and one readback of a GPU tensor. */
async function work(): Promise<void> {
  const result = tf.tidy(() => tf.square(tf.exp(tf.tensor1d(new Float32Array(2000).fill(0.5)))));
  await result.data();
  result.dispose();
}

test("dispatches, readbacks and what is compiled are counted, and a second time nothing is compiled", async () => {
  const device = runningGpuDevice();
  const before = { own: Object.getOwnPropertyNames(device), dispatch: GPUComputePassEncoder.prototype.dispatchWorkgroups };
  await work(); // its staging buffer is made before the counting begins
  const counted = countGpu(device);
  await work();
  expect(counted).toMatchObject({ dispatches: 2, readbacks: 1, pipelines: 0, shaderModules: 0 });
  const sine = tf.sin(tf.tensor1d(new Float32Array(2000).fill(0.5)));
  expect(counted).toMatchObject({ dispatches: 3, readbacks: 1, pipelines: 1, shaderModules: 1 });
  counted.reset();
  expect(counted).toMatchObject({ dispatches: 0, readbacks: 0, pipelines: 0, shaderModules: 0 });
  counted.stop();
  await sine.data();
  expect(counted).toMatchObject({ dispatches: 0, readbacks: 0 });
  expect(Object.getOwnPropertyNames(device)).toEqual(before.own);
  expect(GPUComputePassEncoder.prototype.dispatchWorkgroups).toBe(before.dispatch);
});
