import * as tf from "@tensorflow/tfjs";
import { createRandom, initMomentum, type Params, stepMomentum } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { momentumStep, startMomentum } from "./momentumTensors.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

test.each([
  { momentum: 0.9, clipNorm: 0.5, isCorrected: true },
  { momentum: 0.9, clipNorm: 100, isCorrected: false },
  { momentum: 0, clipNorm: 0.5, isCorrected: true },
])("four steps on tensors equal core's: $momentum, $clipNorm, $isCorrected", async ({ momentum, clipNorm, isCorrected }) => {
  const random = createRandom(5).stream({ purpose: "momentum" });
  const draw = () => Float32Array.from({ length: 30 }, () => random.normal());
  const named = (data: Float32Array): Params => ({ x: { shape: [30], data } });
  const correction = isCorrected ? draw() : null;
  const settings = { learningRate: 0.03, momentum, weightDecay: 0.2, clipNorm };
  const start = draw();
  let params = named(start);
  let core = initMomentum(params);
  let state = startMomentum(start);
  for (let step = 0; step < 4; step++) {
    const gradient = draw();
    const corrected = correction === null ? settings : { ...settings, correction: named(correction) };
    ({ params, state: core } = stepMomentum(params, named(gradient), core, corrected));
    state = momentumStep(state, tf.tensor1d(gradient), { ...settings, correction: correction === null ? null : tf.tensor1d(correction) });
  }
  // both round to f32 after every step
  const planes = await state.planes.data<"float32">();
  expect(relativeError(planes.subarray(0, 30), params.x.data)).toBeLessThan(1e-6);
  expect(relativeError(planes.subarray(30), core.velocity.x.data)).toBeLessThan(1e-6);
  expect(state.step).toBe(4);
});
