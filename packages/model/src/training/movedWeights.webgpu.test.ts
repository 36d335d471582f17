import * as tf from "@tensorflow/tfjs";
import { createRandom, type Params } from "@tutti/core";
import { expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { provideNodeGpu } from "../gpu/nodeGpu.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { tinyExamples } from "../testing/tinyTuned.ts";
import { createTuner } from "../tuning/createTuner.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { hasMovedProducts, movedWeights } from "./movedWeights.ts";
import { perturbedWeights } from "./perturbedWeights.ts";
import type { PerturbedModel } from "./seedTraining.ts";

/** The tiny roberta on the current backend, all of its layers' weights tuned from differences on the grid, and read at label words. */
function placeHere() {
  const backbone = goldenBackbone("roberta");
  const transformer = createTransformer(backbone);
  const tuning = { method: "full", head: "labelWords" } as const;
  const layout = tunedLayout(transformer.config, tuning, 3);
  const tuner = createTuner(transformer, tuning, { random: createRandom(1), sourcePrompts: [] });
  const objective = { head: "labelWords", lossOver: "labelWords", words: [4, 34, 64] } as const;
  const random = createRandom(5).stream({ purpose: "differences" });
  const start: Params = Object.fromEntries(
    layout.entries.map(({ name, shape, numValues }) => {
      return [name, { shape, data: Float32Array.from({ length: numValues }, () => (random.integer(2001) - 1000) / 2 ** 17) }];
    }),
  );
  return { backbone, transformer, start, tuned: { transformer, tuner, layout, objective, positionsAfterPrefix: false } };
}

const examples = tinyExamples(5).map((example) => ({ ...example, maskPosition: 0 }));
const movements = [0, 2 ** -7, -(2 ** -7)].map((amount) => ({ seed: 0xdeadbeef, amount }));

/** Losses at movements before and after a step along another seed. */
async function lossesOf(model: PerturbedModel): Promise<number[]> {
  const found: number[] = [];
  for (const movement of movements) found.push(await model.lossAt(movement, examples, undefined));
  model.move({ seed: 7, amount: 2 ** -8 });
  for (const movement of movements) found.push(await model.lossAt(movement, examples, undefined));
  return found;
}

test("on WebGPU products that add a perturbation while they read W give the losses of weights that are made layer by layer on the CPU, and no copy of the weights exists", async (context) => {
  if (!(await provideNodeGpu())) return context.skip("skipped: no WebGPU adapter for Node");
  await startBackend("cpu");
  const onCpu = placeHere();
  expect(hasMovedProducts(onCpu.transformer)).toBe(false);
  const expected = await lossesOf(perturbedWeights(onCpu.tuned, onCpu.backbone, onCpu.start));
  onCpu.transformer.dispose();
  await startBackend("webgpu");
  const { backbone, transformer, start, tuned } = placeHere();
  expect(hasMovedProducts(transformer)).toBe(true);
  const before = JSON.stringify(start);
  const model = movedWeights(tuned, backbone, start);
  const found = await lossesOf(model);
  for (const [i, loss] of found.entries()) expect(loss).toBeCloseTo(expected[i] ?? Number.NaN, 4); // sums in another order
  for (const [a, b] of [
    [0, 1],
    [1, 2],
    [0, 3],
  ] as const)
    expect(Math.abs((found[a] ?? 0) - (found[b] ?? 0))).toBeGreaterThan(0.001); // or a perturbation could not be told from none
  const { numBytes } = tf.memory();
  const { kernels, peakBytes } = await tf.profile(async () => {
    await model.lossAt({ seed: 5, amount: 2 ** -11 }, examples.slice(0, 1), undefined);
    model.move({ seed: 5, amount: 2 ** -11 });
  });
  const ofStates = kernels.reduce((sum, { bytesAdded }) => sum + bytesAdded, 0);
  const ofVectors = Object.values(start).reduce((sum, { shape, data }) => sum + (shape.length > 1 ? 0 : 4 * data.length), 0);
  expect(kernels.map(({ name }) => name)).not.toContain("TuttiShift");
  expect(peakBytes - numBytes).toBeLessThan(ofStates + ofVectors + 4096); // all matrices together would be 86 kB, those of one layer 29
  expect(JSON.stringify(start)).toBe(before);
  model.restore();
  transformer.dispose();
  expect(tf.memory().numTensors).toBe(0);
}, 60_000);
