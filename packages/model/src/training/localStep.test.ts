import * as tf from "@tensorflow/tfjs";
import { addProximal, createRandom, initAdamW, initMomentum, type Params, stepAdamW, stepMomentum } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { type AdamWTensors, startAdamW } from "./adamWTensors.ts";
import { type GradientTerms, type LocalStepSettings, localStep } from "./localStep.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

const size = 30;
const base = { learningRate: 0.03, weightDecay: 0.2, clipNorm: 2 }; // gradients of norm 5.5
const random = createRandom(5);
const drawn = (purpose: string) => {
  const stream = random.stream({ purpose });
  return Float32Array.from({ length: size }, () => stream.normal());
};
const gradients = [0, 1, 2, 3].map((step) => drawn(`gradient ${step}`));
const start = drawn("start");
const correction = drawn("correction");
const params = (data: Float32Array): Params => ({ x: { shape: [size], data } });

/** Four steps on tensors: the trained values and the second plane. */
async function onTensors(settings: LocalStepSettings, isCorrected = false): Promise<[values: Float32Array, second: Float32Array]> {
  const terms: GradientTerms = { start: tf.tensor1d(start), correction: isCorrected ? tf.tensor1d(correction) : null };
  let state: AdamWTensors = startAdamW(start);
  for (const gradient of gradients) {
    const { step } = state;
    state = { planes: tf.tidy(() => localStep(state, tf.tensor1d(gradient), settings, terms).planes), step: step + 1 };
  }
  const planes = await state.planes.data<"float32">();
  return [planes.subarray(0, size), planes.subarray(size, 2 * size)];
}

test.each([
  ["momentum", 0.9, 0, false],
  ["momentum", 0.9, 0.7, true],
  ["sgd", 0, 0, false],
  ["sgd", 0, 0.7, false],
  ["sgd", 0, 0, true],
] as const)("four steps of %s with momentum %d, μ %d, corrected %s equal core's", async (optimizer, momentum, proximal, isCorrected) => {
  let expected = params(start);
  let state = initMomentum(expected);
  for (const gradient of gradients) {
    const pulled = addProximal(params(gradient), expected, params(start), proximal);
    const settings = { ...base, momentum, ...(isCorrected ? { correction: params(correction) } : {}) };
    ({ params: expected, state } = stepMomentum(expected, pulled, state, settings));
  }
  const [values, velocity] = await onTensors({ ...base, optimizer, proximal }, isCorrected);
  // both round to f32 after every step
  expect(relativeError(values, expected.x.data)).toBeLessThan(1e-6);
  expect(relativeError(velocity, state.velocity.x.data)).toBeLessThan(1e-6);
});

test("AdamW takes the proximal term before it clips", async () => {
  let expected = params(start);
  let state = initAdamW(expected);
  for (const gradient of gradients) {
    ({ params: expected, state } = stepAdamW(expected, addProximal(params(gradient), expected, params(start), 0.7), state, base));
  }
  const [values, m] = await onTensors({ ...base, optimizer: "adamW", proximal: 0.7 });
  expect(relativeError(values, expected.x.data)).toBeLessThan(1e-6);
  expect(relativeError(m, state.m.x.data)).toBeLessThan(1e-6);
});

test("what cannot be done is refused, and nothing is left behind", () => {
  const state = startAdamW(start);
  const none: GradientTerms = { start: null, correction: null };
  const { numTensors } = tf.memory();
  const step = (settings: LocalStepSettings, terms: GradientTerms) => () =>
    tf.tidy(() => localStep(state, tf.tensor1d(start), settings, terms));
  expect(step({ ...base, optimizer: "sgd", proximal: 0.5 }, none)).toThrow("training.proximal");
  expect(step({ ...base, optimizer: "adamW", proximal: 0 }, { ...none, correction: tf.tensor1d(correction) })).toThrow(
    "adamW takes no correction",
  );
  expect(tf.memory().numTensors).toBe(numTensors + 1); // the correction
});
