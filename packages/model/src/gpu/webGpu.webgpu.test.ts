import * as tf from "@tensorflow/tfjs";
import { beforeEach, expect, test } from "vitest";
import { gpuErrors } from "../kernels/webgpu/gpuErrors.ts";
import { gpuTraits } from "../kernels/webgpu/traits.ts";
import { runningGpuDevice } from "./gpuCounters.ts";
import { provideNodeGpu } from "./nodeGpu.ts";
import { startWebGpu } from "./webGpu.ts";

beforeEach(async (context) => {
  if (!(await provideNodeGpu())) context.skip("skipped: no WebGPU adapter for Node");
});

test("the device has the optional features that the adapter has, and the traits say which", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  await startWebGpu();
  const { features } = runningGpuDevice();
  expect(gpuTraits()).toMatchObject({ hasF16: features.has("shader-f16"), hasSubgroups: features.has("subgroups") });
  for (const feature of ["shader-f16", "subgroups"] as const) expect(features.has(feature)).toBe(adapter?.features.has(feature));
});

test("the variant is measured once for an adapter and stays, and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const first = await startWebGpu();
  const { variant } = gpuTraits();
  expect(first.kernels.reason).toMatch(/^kernels with.*, [\d.]+ ms for a matrix product \(/);
  expect(await startWebGpu()).toEqual(first);
  expect(gpuTraits().variant).toBe(variant);
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  ["shader-f16", "enable f16;", "var x = 1.0h; x = x * x;"],
  ["subgroups", "enable subgroups;", "var x = subgroupAdd(1.0); x = x * x;"],
] as const)(
  "a program for %s whose enable line stands below other code compiles where the device has it",
  async (feature, enable, statement) => {
    await startWebGpu();
    const device = runningGpuDevice();
    const compiled = (code: string) => gpuErrors(device, async () => device.createShaderModule({ code }));
    const program = (line: string) => `var<private> before : i32;\n${line}\n@compute @workgroup_size(4) fn main() { ${statement} }`;
    expect((await compiled(program(enable))).errors.length === 0).toBe(device.features.has(feature));
    expect((await compiled(program(""))).errors).not.toEqual([]); // or the line does nothing
  },
);
