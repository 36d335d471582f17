import { createRandom } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { tinyExamples, tinyTuned } from "../testing/tinyTuned.ts";
import type { Tuned } from "./gradient.ts";
import { labelledBatch } from "./objective.ts";
import { hessianProduct, probeSpectrum } from "./spectrumProbe.ts";

const batch = labelledBatch(tinyExamples(5), 1);
let tuned: Tuned;
let values: Float32Array;

beforeAll(async () => {
  await startBackend("wasm");
  tuned = tinyTuned();
  const random = createRandom(6).stream({ purpose: "values" });
  values = Float32Array.from({ length: tuned.layout.numValues }, () => 0.3 * random.normal());
});

function unit(seed: number): Float32Array {
  const random = createRandom(seed).stream({ purpose: "direction" });
  const v = Float32Array.from({ length: tuned.layout.numMethodValues }, () => random.normal());
  const length = Math.hypot(...v);
  return v.map((value) => value / length);
}

test("Hessian products are symmetric: u · Hv = v · Hu", async () => {
  const product = hessianProduct(tuned, values, batch);
  const [u, v] = [unit(1), unit(2)];
  const dot = (a: Float32Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const [hu, hv] = [await product.times(u), await product.times(v)];
  expect(Math.abs(dot(u, hv) - dot(v, hu))).toBeLessThan(1e-3 * Math.hypot(...hu));
  expect(product.step).toBeLessThanOrEqual(1);
});

test("where rounding is all that is left, the step stays wide", async () => {
  const product = hessianProduct(tuned, values, batch);
  await product.times(unit(1));
  const step = product.step;
  const nowhere = unit(2).map((value) => value * 1e-5); // the gradient changes by less than it is rounded
  await product.times(nowhere);
  expect(product.step).toBeGreaterThanOrEqual(step / 2);
});

test("a probe gives one Ritz value per step, ascending, and the same bits twice", async () => {
  const options = () => ({ lanczosSteps: 6, random: createRandom(3).stream({ purpose: "rademacher" }) });
  const spectrum = await probeSpectrum(tuned, values, batch, options());
  expect(spectrum.ritzValues).toHaveLength(6);
  expect([...spectrum.ritzValues].sort((a, b) => a - b)).toEqual(spectrum.ritzValues);
  expect(await probeSpectrum(tuned, values, batch, options())).toEqual(spectrum);
});

test("a probe stops when it is aborted", async () => {
  const controller = new AbortController();
  const random = createRandom(3).stream({ purpose: "rademacher" });
  const onStep = (step: number) => {
    if (step === 2) controller.abort();
  };
  const probe = probeSpectrum(tuned, values, batch, { lanczosSteps: 6, random, onStep, signal: controller.signal });
  await expect(probe).rejects.toThrow("aborted");
});
