import * as tf from "@tensorflow/tfjs";
import { createRandom, packingFor, packTensor } from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { countGpu, runningGpuDevice } from "../../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../../gpu/nodeGpu.ts";
import { disposeLinear } from "../linear.ts";
import { createPackedLinear, packedLinear } from "../packedLinear.ts";
import type { KernelVariant } from "../webgpu/gpuKernel.ts";
import { withVariant } from "../webgpu/traits.ts";
import { morePackedLinearCases, packedLinearCases } from "./packedLinear.ts";
import type { ParityCase } from "./parityCase.ts";

let isStarted = false;

beforeEach(async (context) => {
  if (isStarted) return;
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
  isStarted = true;
});

async function compare(variant: KernelVariant, { tolerance, worstError }: ParityCase): Promise<void> {
  const { numTensors, numDataBuffers } = tf.memory();
  expect(await withVariant(variant, worstError)).toBeLessThanOrEqual(tolerance);
  expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
}

describe.each(["registers", "shared"] as const)("with %s", (variant) => {
  test.each(packedLinearCases)("$name: as in float64, the same bits twice, no tensor left", (parity) => compare(variant, parity));

  test("a row's bits are the same in the programs for few rows and for many", async () => {
    const { fewRows, manyRows, pipelines } = await withVariant(variant, () => productOfFewAndMany(1024, 37));
    expect(pipelines).toBe(2);
    expect(manyRows.subarray(0, fewRows.length)).toEqual(fewRows);
  });
});

// workgroup memory takes long to compile on a software adapter
test.each(morePackedLinearCases)("$name with registers: as in float64", (parity) => compare("registers", parity));

/** A product of two rows, and of nine with the same in front, by the program of a large batch; how many pipelines that took. */
async function productOfFewAndMany(numOut: number, numIn: number) {
  const random = createRandom(16).stream({ purpose: "few and many rows" });
  const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const weight = packTensor([numOut, numIn], draw(numOut * numIn), packingFor("int8"));
  const map = createPackedLinear(weight, { shape: [numOut], data: draw(numOut) });
  const x = tf.tensor2d(draw(9 * numIn), [9, numIn]);
  const counted = countGpu(runningGpuDevice());
  const few = packedLinear(x, map, { numRows: 2, epilogue: "silu" });
  const many = packedLinear(x, map, { epilogue: "silu", isTraining: true });
  counted.stop();
  const [fewRows, manyRows] = [await few.data<"float32">(), await many.data<"float32">()];
  tf.dispose([x, few, many]);
  disposeLinear(map);
  return { fewRows, manyRows, pipelines: counted.pipelines };
}
