import * as tf from "@tensorflow/tfjs";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { countGpu, runningGpuDevice } from "../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { relativeError } from "../verify/relativeError.ts";
import { goldenBackbone } from "./golden.ts";
import type { Probe } from "./layerTuners.ts";

/** A tuning method on a family's golden backbone. */
export interface ProbedCase {
  readonly name: string;
  readonly family: string;
  /** A whole pass of the method through the transformer, on the current backend. */
  probe(transformer: Transformer): Promise<Probe>;
}

/** The case's pass on the current backend. */
export async function probeCase({ family, probe }: ProbedCase): Promise<Probe> {
  const transformer = createTransformer(goldenBackbone(family));
  try {
    return await probe(transformer);
  } finally {
    transformer.dispose();
  }
}

/** Tests that each case's states and gradients on WebGPU are the CPU's; answers the CPU's pass of a case. */
export function testOnWebGpu(cases: readonly ProbedCase[]): (of: ProbedCase) => Probe {
  const expected = new Map<string, Probe>();
  const expectedOf = ({ family, name }: ProbedCase): Probe => {
    const right = expected.get(`${family} ${name}`);
    if (right === undefined) throw new Error("the CPU's pass comes first");
    return right;
  };

  beforeAll(async () => {
    await startBackend("cpu");
    for (const one of cases) expected.set(`${one.family} ${one.name}`, await probeCase(one));
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
      const right = expectedOf(one);
      const found = await probeCase(one);
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(relativeError(found.last, right.last)).toBeLessThan(1e-5); // f32 on both, exp, tanh and sqrt of a GPU a few units off
      const largest = Math.max(...Object.values(right.gradients).map((gradient) => Math.hypot(...gradient)));
      for (const [name, gradient] of Object.entries(right.gradients)) {
        const error = Math.hypot(...gradient.map((value, i) => value - found.gradients[name][i]));
        expect(error, name).toBeLessThan(1e-6 * largest + 1e-4 * Math.hypot(...gradient));
      }
      const counted = countGpu(runningGpuDevice());
      await probeCase(one);
      expect(counted.pipelines).toBe(0);
      counted.stop();
    },
  );
  return expectedOf;
}
