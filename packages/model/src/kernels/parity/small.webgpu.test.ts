import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { provideNodeGpu } from "../../testing/nodeGpu.ts";
import { gpuTraits, setGpuTraits, withVariant } from "../webgpu/traits.ts";
import { adamWCases } from "./adamW.ts";
import { crossEntropyCases } from "./crossEntropy.ts";
import { normCases } from "./norm.ts";
import { rotaryCases } from "./rotary.ts";
import { scatterRowsCases } from "./scatterRows.ts";

let hasGpu = false;
beforeAll(async () => {
  hasGpu = await provideNodeGpu();
  if (hasGpu) await startBackend("webgpu");
});

const cases = [...normCases, ...rotaryCases, ...crossEntropyCases, ...adamWCases, ...scatterRowsCases];

describe.each(["registers", "shared"] as const)("with %s", (variant) => {
  test.each(cases)("$name: as in plain operations, the same bits twice", async ({ tolerance, worstError }) => {
    if (!hasGpu) return expect.soft(hasGpu, "skipped: no WebGPU adapter for Node").toBe(false);
    const before = tf.memory().numTensors;
    const traits = gpuTraits();
    for (const hasSubgroups of new Set([traits.hasSubgroups, false])) {
      setGpuTraits({ ...traits, hasSubgroups });
      try {
        expect(await withVariant(variant, worstError)).toBeLessThanOrEqual(tolerance);
      } finally {
        setGpuTraits(traits);
      }
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
