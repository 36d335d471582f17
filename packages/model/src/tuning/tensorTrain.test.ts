import { type Params, tunings } from "@tutti/core";
import { beforeEach, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, probe, tinyTokens } from "../testing/layerTuners.ts";
import { relativeError } from "../verify/relativeError.ts";
import { createAdapterTuner } from "./adapter.ts";
import { tunedLayout } from "./layout.ts";
import { createTensorTrainTuner } from "./tensorTrain.ts";

const [width, bottleneck] = [32, 6];
const own = { ...tunings.tensorTrain.defaults, bottleneck, rank: 2, maxFactor: 8 };

beforeEach(async () => {
  await startBackend("cpu");
});

/** Value (i, j) of a matrix (width, bottleneck) whose factors are 8 · 4 and 6, by its definition. */
function valueAt(cores: Params, base: string, i: number, j: number): number {
  const [first, second, third] = [0, 1, 2].map((index) => cores[`${base}/${index}`].data);
  let sum = 0;
  for (let p = 0; p < 2; p++)
    for (let q = 0; q < 2; q++) sum += first[2 * Math.floor(i / 4) + p] * second[(4 * p + (i % 4)) * 2 + q] * third[6 * q + j];
  return sum;
}

test("tensor trains compute what adapters do that have their matrices, and no biases", async () => {
  const transformer = createTransformer(goldenBackbone("roberta"));
  const cores = drawValues(tunedLayout(transformer.config, { ...own, head: "labelWords" }, 0).entries, 0.5);
  const dense: Record<string, Params[string]> = {};
  for (const { name, shape } of tunedLayout(transformer.config, { method: "adapter", bottleneck, head: "labelWords" }, 0).entries) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const base = name.replace("adapter", "tensorTrain");
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < bottleneck; j++) {
        if (name.endsWith("/down")) data[j * width + i] = valueAt(cores, base, i, j);
        if (name.endsWith("/up")) data[i * bottleneck + j] = valueAt(cores, base, i, j);
      }
    }
    dense[name] = { shape, data };
  }
  const { last } = await probe(createTensorTrainTuner(transformer, own), cores, tinyTokens(), false);
  const { last: expected } = await probe(createAdapterTuner(transformer, { bottleneck }), dense, tinyTokens(), false);
  const { last: bare } = await probe(createAdapterTuner(transformer, { bottleneck }), zeroed(dense), tinyTokens(), false);
  expect(relativeError(last, expected)).toBeLessThan(3e-6); // f32 in another order
  expect(relativeError(bare, expected)).toBeGreaterThan(0.05);
  transformer.dispose();
});

function zeroed(params: Params): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: new Float32Array(data.length) }]),
  );
}
