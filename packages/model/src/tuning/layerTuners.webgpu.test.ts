import * as tf from "@tensorflow/tfjs";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { countGpu, runningGpuDevice } from "../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, entriesOf, methodsOf, type Probe, probe, tinyTokens } from "../testing/layerTuners.ts";
import { relativeError } from "../verify/relativeError.ts";

const families = ["roberta", "llama"];
const cases = families.flatMap((family) => methodsOf(family).map((method) => ({ family, method, name: method.name })));
const expected = new Map<string, Probe>();

/** A whole pass on the current backend. */
async function probeOf({ family, method }: (typeof cases)[number]): Promise<Probe> {
  const transformer = createTransformer(goldenBackbone(family));
  try {
    return await probe(method.create(transformer), drawValues(entriesOf(method, transformer), 0.05), tinyTokens());
  } finally {
    transformer.dispose();
  }
}

beforeAll(async () => {
  await startBackend("cpu");
  for (const one of cases) expected.set(`${one.family} ${one.name}`, await probeOf(one));
});

beforeEach(async (context) => {
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
});

test.each(cases)(
  "$name on $family: states and gradients are the CPU's, and the second pass compiles nothing",
  { timeout: 180_000 },
  async (one) => {
    const { numTensors } = tf.memory();
    const right = expected.get(`${one.family} ${one.name}`);
    if (right === undefined) throw new Error("the CPU's pass comes first");
    const found = await probeOf(one);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(relativeError(found.last, right.last)).toBeLessThan(1e-5); // f32 on both, exp, tanh and sqrt of a GPU a few units off
    const largest = Math.max(...Object.values(right.gradients).map((gradient) => Math.hypot(...gradient)));
    for (const [name, gradient] of Object.entries(right.gradients)) {
      const error = Math.hypot(...gradient.map((value, i) => value - found.gradients[name][i]));
      expect(error, name).toBeLessThan(1e-6 * largest + 1e-4 * Math.hypot(...gradient));
    }
    const counted = countGpu(runningGpuDevice());
    await probeOf(one);
    expect(counted.pipelines).toBe(0);
    counted.stop();
  },
);
