import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { splitTuned, tunedLayout } from "../tuning/layout.ts";
import { createPrefixTuner } from "../tuning/prefix.ts";
import { type Tuned, vectorGradient } from "./gradient.ts";
import { labelledBatch, predict } from "./objective.ts";

const suffixes = [
  [11, 7, 30],
  [11, 9],
  [5, 6, 7, 8],
];
const examples = [
  { ids: [4, 40, 41, 42], maskPosition: null, label: 2 },
  { ids: [50], maskPosition: null, label: 0 },
  { ids: [60, 61, 62, 63, 64, 65, 66], maskPosition: null, label: 1 },
];
const batch = labelledBatch(examples, 0);

beforeAll(async () => {
  await startBackend("cpu");
});

function tunedOn(family: string, positionsAfterPrefix: boolean): { tuned: Tuned; values: Float32Array } {
  const transformer = createTransformer(goldenBackbone(family));
  const layout = tunedLayout(transformer.config, { method: "prefix", promptTokens: 3, head: "labelWords" }, 3);
  const random = createRandom(12).stream({ purpose: "values" });
  const values = Float32Array.from({ length: layout.numValues }, () => 0.3 * random.normal());
  return {
    tuned: { transformer, tuner: createPrefixTuner(transformer), layout, objective: { head: "suffix", suffixes }, positionsAfterPrefix },
    values,
  };
}

async function lossAt(tuned: Tuned, point: Float32Array): Promise<number> {
  const { loss, gradient } = vectorGradient(tuned, tf.tensor1d(point), batch);
  const [value] = await loss.data();
  tf.dispose([loss, gradient]);
  return value;
}

test.each([
  ["gpt2", false],
  ["llama", true],
] as const)("on %s the suffix loss's gradient is its slope", async (family, positionsAfterPrefix) => {
  const { tuned, values } = tunedOn(family, positionsAfterPrefix);
  const random = createRandom(8).stream({ purpose: "direction" });
  const direction = values.map(() => random.normal());
  const length = Math.hypot(...direction);
  const unit = direction.map((value) => value / length);
  const { gradient } = vectorGradient(tuned, tf.tensor1d(values), batch);
  const slope = (await gradient.data<"float32">()).reduce((sum, value, i) => sum + value * unit[i], 0);
  const step = 0.03;
  const at = (sign: number) =>
    lossAt(
      tuned,
      values.map((value, i) => value + sign * step * unit[i]),
    );
  // f32 losses of about 5 differ by 5e-7 of rounding, divided by twice the step
  expect(((await at(1)) - (await at(-1))) / (2 * step)).toBeCloseTo(slope, 4);
  expect(Math.abs(slope)).toBeGreaterThan(1e-3);
});

test("the loss is the right suffix's mean token loss, and its class logit is that loss negated", async () => {
  const { tuned, values } = tunedOn("llama", false);
  const { classLogits, losses } = tf.tidy(() => predict(splitTuned(tuned.layout, tf.tensor1d(values)), batch, tuned));
  const [logits, perExample] = [await classLogits.data<"float32">(), await losses.data<"float32">()];
  expect(classLogits.shape).toEqual([3, 3]);
  for (const [i, { label }] of examples.entries()) expect(logits[3 * i + label]).toBe(-perExample[i]);
  expect(perExample.reduce((a, b) => a + b, 0) / 3).toBeCloseTo(await lossAt(tuned, values), 5);
});

test("scoring a suffix leaves no tensor behind", async () => {
  const { tuned, values } = tunedOn("gpt2", false);
  await lossAt(tuned, values); // the head keeps the vocabulary's rows from here on
  const point = tf.tensor1d(values);
  const numTensors = tf.memory().numTensors;
  const { loss, gradient } = vectorGradient(tuned, point, batch);
  tf.dispose([loss, gradient]);
  expect(tf.memory().numTensors).toBe(numTensors);
});
