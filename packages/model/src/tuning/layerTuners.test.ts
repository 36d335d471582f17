import * as tf from "@tensorflow/tfjs";
import { createRandom, type Params } from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackendName, startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import {
  batchesAroundText,
  changedBackbone,
  drawValues,
  entriesOf,
  type LayerMethod,
  layerMethods,
  methodsOf,
  probe,
  probedLoss,
  probeText,
  tinyTokens,
} from "../testing/layerTuners.ts";
import { relativeError } from "../verify/relativeError.ts";
import { createBareTuner } from "./prefix.ts";

const backends: readonly BackendName[] = ["cpu", "wasm"];
const families = ["roberta", "bert", "gpt2", "llama", "llama3"];

/** f32 through three layers, summed in another order; a wrong factor or a missing term is at 1e-2 and more. */
const rounding = 3e-6;

const [adapter, , full] = layerMethods;

function zeroed(values: Params, isZeroed: (name: string) => boolean): Params {
  return Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, { shape, data: isZeroed(name) ? new Float32Array(data.length) : data }]),
  );
}

/** Values as a run starts with them: whatever else is drawn, these are zero. */
function startsAtZero({ name: method }: LayerMethod, name: string): boolean {
  return method === "full" || /\/(up|upBias|b|e|up\/2)$/.test(name);
}

/** A value of a train is made of three others, and a slope must be larger than what rounding makes of it. */
function spreadOf({ name: method }: LayerMethod): number {
  return method === "full" ? 0.05 : method === "tensorTrain" ? 0.5 : 0.2;
}

describe.each(backends)("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  test.each(families)("every method starts as the bare %s, with a gradient for every trained parameter", async (family) => {
    const transformer = createTransformer(goldenBackbone(family));
    const { last: bare } = await probe(createBareTuner(transformer), {}, tinyTokens(), false);
    for (const method of methodsOf(family)) {
      const entries = entriesOf(method, transformer);
      const start = zeroed(drawValues(entries, 0.3), (name) => startsAtZero(method, name));
      const { last, gradients } = await probe(method.create(transformer), start, tinyTokens());
      expect(relativeError(last, bare)).toBeLessThan(rounding);
      expect(Object.keys(gradients).sort()).toEqual(entries.map(({ name }) => name).sort());
      for (const { name, shape } of entries) expect(gradients[name]).toHaveLength(shape.reduce((a, b) => a * b, 1));
    }
    transformer.dispose();
  });

  test.each(families)(
    "a text on %s has the same bits in any batch and no other text has a part in its gradient, and a pass leaves no tensor",
    async (family) => {
      const transformer = createTransformer(goldenBackbone(family));
      for (const method of methodsOf(family)) {
        const tuner = method.create(transformer);
        const values = drawValues(entriesOf(method, transformer), 0.05);
        const [alone, ...others] = batchesAroundText;
        const near = await probeText(tuner, values, alone.texts, alone.at);
        const { numTensors } = tf.memory();
        // sums over rows with zeros among them; a key's bias has no gradient but rounding, so errors count against the largest gradient
        const largest = Math.max(...Object.values(near.gradients).map((gradient) => Math.hypot(...gradient)));
        for (const { texts, at } of others) {
          const far = await probeText(tuner, values, texts, at);
          expect(far.last).toEqual(near.last);
          for (const [name, gradient] of Object.entries(near.gradients)) {
            const error = Math.hypot(...gradient.map((value, i) => value - far.gradients[name][i]));
            expect(error, name).toBeLessThan(1e-6 * largest + 1e-5 * Math.hypot(...gradient));
          }
        }
        expect(tf.memory().numTensors).toBe(numTensors);
      }
      transformer.dispose();
    },
  );
});

describe("in f32", () => {
  beforeEach(async () => {
    await startBackend("wasm");
  });

  const cases = families.flatMap((family) => methodsOf(family).map((method) => ({ family, method, name: method.name })));

  test.each(cases)("$name on $family: every parameter's gradient is the loss's slope", async ({ family, method }) => {
    const transformer = createTransformer(goldenBackbone(family));
    const tuner = method.create(transformer);
    const entries = entriesOf(method, transformer);
    const values = drawValues(entries, spreadOf(method));
    const { gradients } = await probe(tuner, values, tinyTokens());
    const step = 0.01;
    for (const { name } of entries) {
      const gradient = gradients[name];
      const random = createRandom(3).stream({ purpose: name });
      const unit = gradient.map(() => (2 * random.integer(2) - 1) / Math.sqrt(gradient.length));
      const lossAt = async (distance: number) => {
        const { shape, data } = values[name];
        const moved = { ...values, [name]: { shape, data: data.map((value, i) => value + distance * unit[i]) } };
        return probedLoss(await probe(tuner, moved, tinyTokens(), false));
      };
      const measured = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      const slope = gradient.reduce((total, value, i) => total + value * unit[i], 0);
      // losses of about 20, each sum of 448 states within 1e-6, over twice the step: 2e-3; curvature: a share of a slope's usual size
      const usual = Math.hypot(...gradient) / Math.sqrt(gradient.length);
      expect(Math.abs(measured - slope), `${name}: measured ${measured}, gradient ${slope}`).toBeLessThan(2e-3 + 3e-3 * usual);
    }
    transformer.dispose();
  });

  const loraCases = families.flatMap((family) =>
    methodsOf(family).flatMap((method) => (method.tuning.method === "lora" ? [{ family, method, name: method.name }] : [])),
  );

  test.each(loraCases)(
    "$name on $family is the backbone whose matrices are W + alpha / rank · B A, or alpha / √rank",
    async ({ family, method }) => {
      const backbone = goldenBackbone(family);
      const transformer = createTransformer(backbone);
      const values = drawValues(entriesOf(method, transformer), 0.3);
      const seen = new Set<string>();
      const merged = changedBackbone(backbone, (name, data) => {
        const [, layer, matrix] = /^layers\.(\d+)\.(?:attention|feedForward)\.(\w+)\.weight$/.exec(name) ?? [];
        const [a, b] = [values[`lora/${layer}/${matrix}/a`], values[`lora/${layer}/${matrix}/b`]];
        if (a === undefined || b === undefined) return null;
        seen.add(`${layer}/${matrix}`);
        const [rank, columns] = a.shape;
        const added = times(b.data, a.data, { inner: rank, columns });
        return data.map((value, i) => value + scaleOf(method.name, matrix, rank) * added[i]);
      });
      await expectSame(method, values, transformer, merged);
      expect(2 * seen.size).toBe(Object.keys(values).length);
    },
  );

  test.each(families)(
    "an adapter on %s that only its bias moves in is the backbone whose matrices are (I + up · down) W",
    async (family) => {
      const backbone = goldenBackbone(family);
      const transformer = createTransformer(backbone);
      const drawn = drawValues(entriesOf(adapter, transformer), 0.2);
      const far = 9; // where gelu(x) is x in f32
      const values = Object.fromEntries(
        Object.entries(drawn).map(([name, { shape, data }]) => {
          if (name.endsWith("/downBias")) return [name, { shape, data: data.fill(far) }];
          const up = drawn[name.replace(/Bias$/, "")].data;
          if (name.endsWith("/upBias")) return [name, { shape, data: data.map((_, row) => -far * rowSum(up, row, 5)) }];
          return [name, { shape, data }];
        }),
      );
      const merged = changedBackbone(backbone, (name, data) => {
        const [, layer, place] = /^layers\.(\d+)\.(attention\.output|feedForward\.down)\.(weight|bias)$/.exec(name) ?? [];
        if (layer === undefined) return null;
        const here = `adapter/${layer}/${place.split(".")[0]}`;
        const both = times(values[`${here}/up`].data, values[`${here}/down`].data, { inner: 5, columns: 32 });
        const added = times(both, data, { inner: 32, columns: data.length / 32 });
        return data.map((value, i) => value + added[i]);
      });
      await expectSame(adapter, values, transformer, merged);
    },
  );

  test.each(families)("full fine-tuning on %s is the backbone with all differences added", async (family) => {
    const backbone = goldenBackbone(family);
    const transformer = createTransformer(backbone);
    const values = drawValues(entriesOf(full, transformer), 0.1);
    const merged = changedBackbone(backbone, (name, data) => {
      const difference = values[`full/${name}`];
      return difference === undefined ? null : data.map((value, i) => value + difference.data[i]);
    });
    const changed = Object.keys(values).map((name) => name.slice("full/".length));
    expect(changed.some((name) => name.startsWith("embeddings.") || name.startsWith("head."))).toBe(false);
    expect(changed).toHaveLength(backbone.names.filter((name) => /^(layers|norm)\./.test(name)).length);
    await expectSame(full, values, transformer, merged);
  });
});

/** What the settings of `loraMethods` say by hand. */
function scaleOf(method: string, matrix: string, rank: number): number {
  if (method === "lora beside all six") return (matrix === "output" ? 5 : 6) / Math.sqrt(rank);
  if (method === "lora beside all seven") return (matrix === "up" ? 5 : matrix === "value" ? 2 : 6) / rank;
  return 6 / 3;
}

async function expectSame(
  method: LayerMethod,
  values: Params,
  transformer: ReturnType<typeof createTransformer>,
  merged: ReturnType<typeof goldenBackbone>,
): Promise<void> {
  const other = createTransformer(merged);
  const { last } = await probe(method.create(transformer), values, tinyTokens(), false);
  const { last: expected } = await probe(createBareTuner(other), {}, tinyTokens(), false);
  const { last: unchanged } = await probe(createBareTuner(transformer), {}, tinyTokens(), false);
  expect(relativeError(last, expected)).toBeLessThan(10 * rounding); // numbers as large as 9 cancel in the adapters
  expect(relativeError(unchanged, expected)).toBeGreaterThan(0.05);
  for (const one of [transformer, other]) one.dispose();
}

function rowSum(matrix: Float32Array, row: number, width: number): number {
  return matrix.subarray(row * width, (row + 1) * width).reduce((a, b) => a + b, 0);
}

/** (rows, inner) · (inner, columns) in float64. */
function times(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { inner, columns }: { readonly inner: number; readonly columns: number },
): number[] {
  return Array.from({ length: (a.length / inner) * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let total = 0;
    for (let k = 0; k < inner; k++) total += a[row * inner + k] * b[k * columns + column];
    return total;
  });
}
