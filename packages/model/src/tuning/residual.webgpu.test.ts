import * as tf from "@tensorflow/tfjs";
import type { LoraOwn } from "@tutti/core";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, entriesOf, loraMethods, methodsOf, type Probe, probe, tinyTokens } from "../testing/layerTuners.ts";
import { besides, drawResidual } from "../testing/residuals.ts";
import { relativeError } from "../verify/relativeError.ts";
import { residualAmong } from "./residual.ts";

// beside all matrices at once every product is there that one of them alone needs
const cases = ["gpt2", "llama"].map((family) => {
  const method = methodsOf(family).find((one) => loraMethods.includes(one));
  if (method === undefined) throw new Error(`${family} has LoRA beside all matrices`);
  return { family, method };
});
const expected = new Map<string, Probe>();

/** A whole pass beside a dense residual with factors that came later, on the current backend. */
async function probeOf({ family, method }: (typeof cases)[number]): Promise<Probe> {
  const transformer = createTransformer(goldenBackbone(family));
  const tuner = method.create(transformer);
  const residual = residualAmong(tuner, drawResidual(transformer.config, method.tuning as unknown as LoraOwn, "both", 0.1));
  if (residual === null) throw new Error("the residual is uploaded");
  try {
    return await probe(besides(tuner, residual), drawValues(entriesOf(method, transformer), 0.05), tinyTokens());
  } finally {
    residual.dispose();
    transformer.dispose();
  }
}

beforeAll(async () => {
  await startBackend("cpu");
  for (const one of cases) expected.set(one.family, await probeOf(one));
});

beforeEach(async (context) => {
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
});

test.each(cases)(
  "LoRA beside a residual on $family: states and gradients are the CPU's, and no tensor stays",
  { timeout: 180_000 },
  async (one) => {
    const right = expected.get(one.family);
    if (right === undefined) throw new Error("the CPU's pass comes first");
    const { numTensors } = tf.memory();
    const found = await probeOf(one);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(relativeError(found.last, right.last)).toBeLessThan(1e-5); // f32 on both, exp, tanh and sqrt of a GPU a few units off
    const largest = Math.max(...Object.values(right.gradients).map((gradient) => Math.hypot(...gradient)));
    for (const [name, gradient] of Object.entries(right.gradients)) {
      const error = Math.hypot(...gradient.map((value, i) => value - found.gradients[name][i]));
      expect(error, name).toBeLessThan(1e-6 * largest + 1e-4 * Math.hypot(...gradient));
    }
  },
);
