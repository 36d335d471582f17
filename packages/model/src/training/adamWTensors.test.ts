import * as tf from "@tensorflow/tfjs";
import { createRandom, initAdamW, type Params, stepAdamW } from "@tutti/core";
import { expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { relativeError } from "../verify/relativeError.ts";
import { adamWStep, startAdamW } from "./adamWTensors.ts";

test.each([
  { backend: "cpu", clipNorm: 0.5, acts: "acts" },
  { backend: "cpu", clipNorm: 100, acts: "does not act" },
  { backend: "wasm", clipNorm: 0.5, acts: "acts" },
  { backend: "wasm", clipNorm: 100, acts: "does not act" },
] as const)("four steps on tensors on $backend equal core's AdamW where clipping $acts", async ({ backend, clipNorm }) => {
  await startBackend(backend);
  const random = createRandom(5).stream({ purpose: "adamW" });
  const draw = () => Float32Array.from({ length: 30 }, () => random.normal());
  const settings = { learningRate: 0.03, weightDecay: 0.2, clipNorm };
  const start = draw();
  let params: Params = { x: { shape: [30], data: start } };
  let core = initAdamW(params);
  let state = startAdamW(start);
  for (let step = 0; step < 4; step++) {
    const gradient = draw();
    ({ params, state: core } = stepAdamW(params, { x: { shape: [30], data: gradient } }, core, settings));
    state = adamWStep(state, tf.tensor1d(gradient), settings);
  }
  // both round to f32 after every step
  const planes = await state.planes.data<"float32">();
  expect(relativeError(planes.subarray(0, 30), params.x.data)).toBeLessThan(1e-6);
  expect(relativeError(planes.subarray(30, 60), core.m.x.data)).toBeLessThan(1e-6);
  expect(relativeError(planes.subarray(60), core.v.x.data)).toBeLessThan(1e-6);
  expect(state.step).toBe(4);
});

test("on WASM a step copies no plane: the tensor library runs none of its operations", async () => {
  await startBackend("wasm");
  const state = startAdamW(Float32Array.from({ length: 30 }, (_, i) => i / 7));
  const gradient = tf.tensor1d(Float32Array.from({ length: 30 }, (_, i) => Math.cos(i)));
  const { kernels } = await tf.profile(() => adamWStep(state, gradient, { learningRate: 0.03, weightDecay: 0.2, clipNorm: 1 }).planes);
  expect(kernels.map(({ name }) => name)).toEqual(["TuttiAdamW"]);
});
