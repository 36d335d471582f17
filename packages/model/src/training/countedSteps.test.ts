import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { createCountedSteps, type TakenStep } from "./countedSteps.ts";
import type { OptimizerTensors } from "./optimizers.ts";

beforeAll(() => startBackend("cpu"));

interface Batch {
  readonly epoch: number;
  readonly weight: number;
  readonly value: number;
  readonly squares?: number;
}

/** A step that makes of x 3 x + value + 0.01 · (steps before it), so that order, number and each of the steps show in the result. */
function take({ planes, step }: OptimizerTensors, { value, squares = 4 }: Batch, numTaken: number): TakenStep {
  const next = tf.tidy(() => tf.add<tf.Tensor2D>(tf.mul(planes, 3), value + 0.01 * numTaken));
  return { next: { planes: next, step: step + 1 }, loss: tf.scalar(value), squares: tf.scalar(squares) };
}

const of = (values: readonly number[]): Batch[] => values.map((value, i) => ({ epoch: Math.floor(i / 4), weight: i + 1, value }));

async function run(batches: readonly Batch[], readEvery: number) {
  const before = tf.memory().numTensors;
  const told: number[] = [];
  const steps = createCountedSteps<Batch>(
    { planes: tf.tensor2d([0.5, 0.25], [1, 2]), step: 7 },
    { take, onBatch: (loss) => told.push(loss), readEvery },
  );
  for (const batch of batches) await steps.add(batch);
  await steps.settle();
  const { planes, step } = steps.state();
  const result = { values: [...(await planes.data())], step, ...steps.counts(), losses: steps.epochLosses(), told };
  steps.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;

test.each([1, 3, 8])("batches whose loss is not finite leave no trace, whenever it is found out (read every %i)", async (readEvery) => {
  const found = await run(of([1, 2, nan, 0.5, infinite, 3, 0.25, nan, nan, 1.5, 2.5, -infinite]), readEvery);
  const clean = await run(of([1, 2, 0.5, 3, 0.25, 1.5, 2.5]), 1);
  expect(found).toMatchObject({ values: clean.values, step: 14, numTaken: 7, numSkipped: 5 });
  expect(found.told).toEqual([1, 2, nan, 0.5, nan, 3, 0.25, nan, nan, 1.5, 2.5, nan]);
  // (1·1 + 2·2 + 4·0.5) / 7, (6·3 + 7·0.25) / 13, (10·1.5 + 11·2.5) / 21
  expect(found.losses).toEqual([1, 19.75 / 13, 42.5 / 21]);
});

test.each([1, 8])("a gradient without a finite norm is skipped where the loss is finite (read every %i)", async (readEvery) => {
  const batches: Batch[] = of([1, 2, 3]).map((batch, i) => (i === 1 ? { ...batch, squares: infinite } : batch));
  expect(await run(batches, readEvery)).toMatchObject({ values: (await run(of([1, 3]), 1)).values, numTaken: 2, numSkipped: 1 });
});

test.each([1, 8])("where no batch counts the state is what it was (read every %i)", async (readEvery) => {
  const found = await run(of(new Array(11).fill(nan)), readEvery);
  expect(found).toMatchObject({ values: [0.5, 0.25], step: 7, numTaken: 0, numSkipped: 11, losses: [] });
});
