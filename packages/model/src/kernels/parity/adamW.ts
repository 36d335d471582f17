import * as tf from "@tensorflow/tfjs";
import { type AdamWState, createRandom, type Params, stepAdamW } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { runFused } from "../fusedKernels.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

interface AdamWCase {
  readonly size: number;
  readonly numSteps: number;
  readonly clipNorm: number;
}

const settings: readonly AdamWCase[] = [
  { size: 13, numSteps: 3, clipNorm: 0.5 },
  { size: 5001, numSteps: 2, clipNorm: 1e6 },
  { size: 70_000, numSteps: 2, clipNorm: 1 },
];

/** Steps of AdamW, each from the one before, against core's. */
export const adamWCases: readonly ParityCase[] = settings.map((setting) => ({
  name: `AdamW on ${setting.size} values, ${setting.numSteps} steps, clipped to ${setting.clipNorm}`,
  tolerance: 1e-6, // f32 against float64 between the roundings
  worstError: () => worstError(setting),
}));

const random = createRandom(14).stream({ purpose: "adamW parity" });
const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());

async function worstError({ size, numSteps, clipNorm }: AdamWCase): Promise<number> {
  const named = (data: Float32Array): Params => ({ values: { shape: [size], data } });
  let planes: Float32Array[] = [draw(size), new Float32Array(size), new Float32Array(size)];
  let params = named(planes[0]);
  let state: AdamWState = { m: named(planes[1]), v: named(planes[2]), step: 0 };
  let worst = 0;
  for (let step = 1; step <= numSteps; step++) {
    const slopes = draw(size);
    const rates = { learningRate: 0.03 / step, weightDecay: 0.2, clipNorm };
    const before = tf.tidy(() => tf.concat(planes.map((plane) => tf.tensor2d(plane, [1, size]))));
    const gradient = tf.tensor1d(slopes);
    const attributes = { ...rates, step, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    const result = await readTwice(() => runFused("TuttiAdamW", { state: before, gradient }, attributes)[0]);
    tf.dispose([before, gradient]);
    ({ params, state } = stepAdamW(params, named(slopes), state, rates));
    planes = [0, 1, 2].map((plane) => result.subarray(plane * size, (plane + 1) * size));
    const expected = [params.values.data, state.m.values.data, state.v.values.data];
    worst = Math.max(worst, ...planes.map((plane, i) => relativeError(plane, expected[i])));
  }
  return worst;
}
