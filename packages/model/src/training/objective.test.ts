import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { tinyExamples, tinyTuned } from "../testing/tinyTuned.ts";
import { splitTuned } from "../tuning/layout.ts";
import { type Tuned, vectorGradient } from "./gradient.ts";
import { labelledBatch, predict } from "./objective.ts";

let tuned: Tuned;
let values: Float32Array;

beforeAll(async () => {
  await startBackend("cpu");
  tuned = tinyTuned();
  const random = createRandom(6).stream({ purpose: "values" });
  values = Float32Array.from({ length: tuned.layout.numValues }, () => 0.3 * random.normal());
});

const examples = tinyExamples(5);
const batch = labelledBatch(examples, 1);

async function lossAt(point: Float32Array): Promise<number> {
  const { loss, gradient } = vectorGradient(tuned, tf.tensor1d(point), batch);
  const [value] = await loss.data();
  tf.dispose([loss, gradient]);
  return value;
}

test.each(["all values", "the head alone", "one layer's keys"])(
  "the linear head's gradient is the loss's slope along %s",
  async (where) => {
    const random = createRandom(8).stream({ purpose: where });
    const { numMethodValues, numValues } = tuned.layout;
    const range = { "all values": [0, numValues], "the head alone": [numMethodValues, numValues], "one layer's keys": [192, 288] }[
      where
    ] ?? [0, 0];
    const direction = values.map((_, i) => (i >= range[0] && i < range[1] ? random.normal() : 0));
    const length = Math.hypot(...direction);
    const unit = direction.map((value) => value / length);
    const { gradient } = vectorGradient(tuned, tf.tensor1d(values), batch);
    const slope = (await gradient.data<"float32">()).reduce((sum, value, i) => sum + value * unit[i], 0);
    const step = 0.03;
    const ahead = await lossAt(values.map((value, i) => value + step * unit[i]));
    const behind = await lossAt(values.map((value, i) => value - step * unit[i]));
    // f32 losses of about 1 differ by 1e-7 of rounding, divided by twice the step
    expect((ahead - behind) / (2 * step)).toBeCloseTo(slope, 4);
    expect(Math.abs(slope)).toBeGreaterThan(5e-4);
  },
);

test("the mean of the predicted losses is the training loss", async () => {
  const { losses, classLogits } = tf.tidy(() => predict(splitTuned(tuned.layout, tf.tensor1d(values)), batch, tuned));
  const all = await losses.data<"float32">();
  expect(all.reduce((sum, loss) => sum + loss, 0) / all.length).toBeCloseTo(await lossAt(values), 5);
  expect(classLogits.shape).toEqual([5, 3]);
});

test("a text's loss and logits are the same bits in any batch", async () => {
  const seen = new Map<string, number[]>();
  for (const order of [[0, 1, 2, 3, 4], [2], [4, 2, 0], [3, 2]]) {
    const some = labelledBatch(
      order.map((i) => examples[i]),
      1,
    );
    const { losses, classLogits } = tf.tidy(() => predict(splitTuned(tuned.layout, tf.tensor1d(values)), some, tuned));
    const [loss, logits] = [await losses.data(), await classLogits.data()];
    const at = order.indexOf(2);
    seen.set(`${order}`, [loss[at], ...logits.subarray(3 * at, 3 * at + 3)]);
  }
  expect(new Set([...seen.values()].map((numbers) => numbers.join(" "))).size).toBe(1);
});

test("a text without a mask cannot be answered with label words", () => {
  const options = { ...tuned, objective: { head: "labelWords", lossOver: "labelWords", words: [4, 5, 6] } } as const;
  expect(() => tf.tidy(() => predict(null, batch, options))).toThrow("the text has none");
});

test("a text longer than the positions is refused with its length", () => {
  const long = labelledBatch([{ ids: Array.from({ length: 41 }, () => 5), maskPosition: null, label: 0 }], 1);
  expect(() => tf.tidy(() => predict(splitTuned(tuned.layout, tf.tensor1d(values)), long, tuned))).toThrow(
    "a text of 41 tokens starting at position 0 does not fit into 40 positions",
  );
});
