import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { provideNodeGpu } from "../../gpu/nodeGpu.ts";
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
});

// workgroup memory takes long to compile on a software adapter
test.each(morePackedLinearCases)("$name with registers: as in float64", (parity) => compare("registers", parity));
