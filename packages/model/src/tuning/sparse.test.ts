import * as tf from "@tensorflow/tfjs";
import {
  asResidual,
  createRandom,
  type LoraOwn,
  loraPairs,
  type Params,
  presets,
  type RunSettings,
  sparseNameOf,
  tunedShape,
  zeros,
} from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackendName, startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, entriesOf, type LayerMethod, methodsOf, probe, probedLoss, tinyTokens } from "../testing/layerTuners.ts";
import { backboneWith } from "../testing/residuals.ts";
import { sparseMaskOf } from "../testing/sparseMask.ts";
import { tinyWorkplace } from "../testing/tinyWorkplace.ts";
import { relativeError } from "../verify/relativeError.ts";
import { tunedLayout } from "./layout.ts";
import { createLoraTuner } from "./lora.ts";
import { createBareTuner } from "./prefix.ts";
import { createSparseTuner } from "./sparse.ts";
import { readable, tunedSparse } from "./sparseTask.ts";

const backends: readonly BackendName[] = ["cpu", "wasm"];
const seed = 7;
const ownOf = ({ tuning }: LayerMethod) => tuning as unknown as LoraOwn;

const isWhole = (method: LayerMethod) => (ownOf(method).targets?.length ?? 0) > 1;

/** f32 through three layers, where one side sums the difference with W and the other behind it. */
const rounding = 1e-5;

const loraCases = ["roberta", "gpt2", "llama"].flatMap((family) =>
  methodsOf(family)
    .filter(({ tuning }) => tuning.method === "lora")
    .map((method) => ({ family, method, name: method.name.replace("lora", "elements") })),
);

describe.each(backends)("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  // every product alone, and all of them together beside a bias and without; the other backend computes the usual two
  const families = backend === "wasm" ? ["roberta", "gpt2", "llama"] : ["llama"];
  const cases = loraCases.filter(
    ({ family, method }) => families.includes(family) && (backend === "wasm" || ownOf(method).targets === undefined),
  );

  test.each(cases)(
    "$name on $family: states are those of weights that contain the differences, and a pass leaves no tensor",
    async ({ family, method }) => {
      const backbone = goldenBackbone(family);
      const transformer = createTransformer(backbone);
      const { mask } = sparseMaskOf(method, transformer, 0.1, seed);
      const values = drawValues(mask.layout.entries, 0.3);
      const entries = entriesOf(method, transformer);
      const factors = Object.fromEntries(entries.map(({ name, shape }) => [name, zeros(shape)]));
      const tuning = { ...method.tuning } as RunSettings["tuning"];
      const residual = asResidual({ seed, tuning }, tunedShape(entries), { factors, sparse: values });
      const { numTensors } = tf.memory();
      const tuner = createSparseTuner(transformer, ownOf(method), mask);
      const found = await probe(tuner, values, tinyTokens());
      const bare = await probe(createBareTuner(transformer), {}, tinyTokens(), false);
      expect(tf.memory().numTensors).toBe(numTensors);
      transformer.dispose();
      const only = Object.fromEntries(Object.entries(residual).filter(([name]) => name.startsWith("residual/")));
      const containing = createTransformer(backboneWith(backbone, ownOf(method), only));
      const expected = await probe(createBareTuner(containing), {}, tinyTokens(), false);
      containing.dispose();
      expect(relativeError(found.last, expected.last)).toBeLessThan(rounding);
      expect(relativeError(bare.last, expected.last)).toBeGreaterThan(0.01);
      expect(Object.keys(found.gradients)).toEqual(mask.layout.entries.map(({ name }) => name));
    },
  );
});

describe("in f32", () => {
  beforeEach(async () => {
    await startBackend("wasm");
  });

  const whole = loraCases.filter(({ family, method }) => isWhole(method) && /^(roberta|llama)$/.test(family));

  test.each(whole)("$name on $family: every value's gradient is the loss's slope", async ({ family, method }) => {
    const transformer = createTransformer(goldenBackbone(family));
    const { mask } = sparseMaskOf(method, transformer, 0.1, seed);
    const tuner = createSparseTuner(transformer, ownOf(method), mask);
    const values = drawValues(mask.layout.entries, 0.1);
    const { gradients } = await probe(tuner, values, tinyTokens());
    const step = 0.01;
    for (const { name } of mask.layout.entries) {
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
});

const run: RunSettings = {
  ...presets.demo,
  tuning: { ...presets.demo.tuning, method: "lora", rank: 3, alpha: 6, head: "linear" } as unknown as RunSettings["tuning"],
};

test("a tab makes the mask from the run's seed, and refuses more elements than a matrix has", async () => {
  await startBackend("cpu");
  const tiny = tinyWorkplace(run, 4);
  const place = { ...tiny, layout: tunedLayout(tiny.backbone.config, run.tuning, 3) };
  const sent = (count: number): Params =>
    Object.fromEntries(loraPairs(tunedShape(place.layout.entries)).map(({ b }) => [sparseNameOf(b), zeros([count])]));
  const tuned = { ...tiny.reader.tuned, layout: place.layout, tuner: createLoraTuner(tiny.transformer, { rank: 3, alpha: 6 }) };
  const { layout } = tunedSparse(tuned, tiny.random, sent(5));
  expect(layout.entries.filter(({ name }) => name.startsWith("sparse/")).every(({ numValues }) => numValues === 5)).toBe(true);
  expect(layout.entries.some(({ name }) => name.startsWith("lora/"))).toBe(false);
  expect(() => tunedSparse(tuned, tiny.random, sent(32 * 32 + 1))).toThrow("1025 elements of a matrix of 1024, expected 1 to 1024");
  expect(() => tunedSparse(tuned, tiny.random, {})).toThrow("expected one number for each trained element");
  expect(() => tunedSparse(tiny.reader.tuned, tiny.random, sent(5))).toThrow("only LoRA has matrices with trained elements");
  const read = readable(place, { ...sent(5), "head/bias": zeros([3]) });
  expect(read["residual/0/query/dense"]?.shape).toEqual([32, 32]);
  expect(read["lora/0/query/b"]?.shape).toEqual([32, 3]);
  expect(readable(place, read)).toBe(read);
  place.transformer.dispose();
});
