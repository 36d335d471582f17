import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { type BackendName, startBackend } from "../backends.ts";
import { type DropoutTensor, drawDropout, dropOut, factorsOf, uploadDropout } from "./dropout.ts";

/** Five values that nothing drops, prompts that begin and end within words, and a head. */
const layout = {
  entries: [
    { name: "attempt/down", shape: [5], layer: null, isPrompt: false, start: 0, numValues: 5 },
    { name: "prompt", shape: [4001], layer: null, isPrompt: true, start: 5, numValues: 4001 },
    { name: "head/bias", shape: [3], layer: null, isPrompt: false, start: 4006, numValues: 3 },
  ],
  numValues: 4009,
  numMethodValues: 4006,
} as unknown as Parameters<typeof drawDropout>[0];

const draws = () => createRandom(2).stream({ purpose: "dropout" });
const drawn = () => drawDropout(layout, 0.25, draws()) ?? expect.unreachable();

test("dropout zeroes about its share of the prompts by one draw each, keeps their mean and leaves all else alone", () => {
  const factors = [...factorsOf(drawn())];
  const prompts = factors.slice(5, 4006);
  const random = draws();
  expect(prompts).toEqual(prompts.map(() => (random.uint32() < 2 ** 30 ? 0 : Math.fround(1 / 0.75))));
  expect(prompts.filter((value) => value === 0).length / prompts.length).toBeCloseTo(0.25, 1);
  expect(new Set([...factors.slice(0, 5), ...factors.slice(4006)])).toEqual(new Set([1]));
});

test("nothing is drawn without a rate or without prompts", () => {
  expect(drawDropout(layout, 0, draws())).toBeNull();
  expect(drawDropout({ ...layout, entries: [layout.entries[0]] }, 0.25, draws())).toBeNull();
});

test.each<BackendName>(["cpu", "wasm"])("on %s a vector's first values are multiplied by their factors", async (backend) => {
  await startBackend(backend);
  const values = Float32Array.from({ length: 4012 }, (_, i) => Math.sin(i));
  const dropout = drawn();
  const [vector, uploaded]: [tf.Tensor1D, DropoutTensor] = [tf.tensor1d(values), uploadDropout(dropout)];
  const dropped = dropOut(vector, uploaded);
  const expected = factorsOf(dropout).map((factor, i) => factor * values[i]);
  expect(await dropped.data()).toEqual(expected);
  tf.dispose([vector, uploaded.words, dropped]);
});
