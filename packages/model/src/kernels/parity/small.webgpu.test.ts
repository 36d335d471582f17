import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../../backends.ts";
import { countGpu, runningGpuDevice } from "../../gpu/gpuCounters.ts";
import { provideNodeGpu } from "../../gpu/nodeGpu.ts";
import { runFused } from "../fusedKernels.ts";
import { gpuTraits, setGpuTraits, withVariant } from "../webgpu/traits.ts";
import { adamWCases } from "./adamW.ts";
import { blockCases } from "./blockMaps.ts";
import { crossEntropyCases } from "./crossEntropy.ts";
import { inputDropoutCases } from "./inputDropout.ts";
import { normCases } from "./norm.ts";
import { rotaryCases } from "./rotary.ts";
import { rowCases } from "./rows.ts";
import { weightCases } from "./weights.ts";

let isStarted = false;

beforeEach(async (context) => {
  if (isStarted) return;
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("webgpu");
  isStarted = true;
});

const cases = [
  ...normCases,
  ...rotaryCases,
  ...crossEntropyCases,
  ...adamWCases,
  ...rowCases,
  ...blockCases,
  ...inputDropoutCases,
  ...weightCases,
];

describe.each(["registers", "shared"] as const)("with %s", (variant) => {
  test.each(cases)("$name: as in plain operations, the same bits twice, no tensor left", async ({ tolerance, worstError }) => {
    const { numTensors, numDataBuffers } = tf.memory();
    for (const hasSubgroups of variant === "shared" ? subgroupChoices() : [false]) {
      expect(await withSubgroups(hasSubgroups, () => withVariant(variant, worstError))).toBeLessThanOrEqual(tolerance);
    }
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  test("other rows, other steps and other rates compile nothing, and a kernel takes its number of dispatches", async () => {
    await withVariant(variant, async () => {
      await runAll(5, 1);
      const counted = countGpu(runningGpuDevice());
      const dispatches = await runAll(11, 2);
      expect(counted).toMatchObject({ pipelines: 0, shaderModules: 0 });
      counted.stop();
      expect(dispatches).toEqual({
        norm: 1,
        normGradient: 1,
        rotate: 1,
        crossEntropy: variant === "shared" ? 1 : 2,
        adamW: 2,
        scatterRows: 1,
      });
    });
  });
});

/** With the device's subgroups, if it has them, and without. */
function subgroupChoices(): readonly boolean[] {
  return gpuTraits().hasSubgroups ? [true, false] : [false];
}

async function withSubgroups<T>(hasSubgroups: boolean, work: () => Promise<T>): Promise<T> {
  const traits = gpuTraits();
  setGpuTraits({ ...traits, hasSubgroups });
  try {
    return await work();
  } finally {
    setGpuTraits(traits);
  }
}

/** Each kernel once; its dispatches. */
async function runAll(numRows: number, step: number): Promise<Record<string, number>> {
  const ones = (...shape: number[]) => tf.ones(shape);
  const [x, weight] = [ones(numRows, 24), ones(24)];
  const norm = { kind: "layer", epsilon: 1e-5, numRows };
  const rotary = { numRows, headSize: 8, numTurnedHeads: 2, isGradient: false };
  const adamW = { learningRate: 0.1 / step, weightDecay: 0.1 * step, clipNorm: step, step, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const runs = {
    norm: () => runFused("TuttiNormRows", { x, weight, bias: weight }, norm),
    normGradient: () => runFused("TuttiNormRowsGradient", { dy: x, x, weight, residual: x }, norm),
    rotate: () => runFused("TuttiRotate", { qkv: x, angles: ones(2, numRows, 4) }, rotary),
    crossEntropy: () =>
      runFused("TuttiCrossEntropy", { logits: x, targets: tf.zeros([numRows], "int32"), weights: ones(numRows) }, { numRows }),
    adamW: () => runFused("TuttiAdamW", { state: ones(3, 100 * numRows), gradient: ones(100 * numRows) }, adamW),
    scatterRows: () => runFused("TuttiScatterRows", { d: x, rows: tf.range(0, numRows, 1, "int32") }, { numRows: 2 * numRows }),
  };
  const dispatches: Record<string, number> = {};
  for (const [name, run] of Object.entries(runs)) {
    const counted = countGpu(runningGpuDevice());
    tf.tidy(() => void run());
    dispatches[name] = counted.dispatches;
    counted.stop();
  }
  tf.dispose([x, weight]);
  return dispatches;
}
