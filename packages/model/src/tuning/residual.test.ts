import * as tf from "@tensorflow/tfjs";
import type { LoraOwn } from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackendName, startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, entriesOf, type LayerMethod, methodsOf, probe, tinyTokens } from "../testing/layerTuners.ts";
import { backboneWith, besides, drawResidual, residualForms } from "../testing/residuals.ts";
import { relativeError } from "../verify/relativeError.ts";
import { tunedLayout } from "./layout.ts";
import { createLoraTuner } from "./lora.ts";
import { residualAmong } from "./residual.ts";
import type { Tuner } from "./tuner.ts";

const backends: readonly BackendName[] = ["cpu", "wasm"];
const families = ["roberta", "bert", "gpt2", "llama", "llama3"];
const ownOf = ({ tuning }: LayerMethod) => tuning as unknown as LoraOwn;

/** f32 through three layers, where one side sums the residual with W and the other behind it. */
const rounding = 1e-5;

describe.each(backends)("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  // dense with factors behind it has both kinds of products; each alone beside all matrices, on the backend that people have
  const cases = families.flatMap((family) =>
    methodsOf(family)
      .filter(({ tuning }) => tuning.method === "lora" && (backend === "wasm" || tuning.targets?.length !== 1))
      .flatMap((method) => {
        const isWhole = (method.tuning as unknown as LoraOwn).targets?.length !== 1;
        const forms = backend === "wasm" && isWhole ? residualForms : (["both"] as const);
        return forms.map((form) => ({ family, method, form, name: method.name }));
      }),
  );

  test.each(cases)(
    "$name on $family beside a residual as $form: states and gradients are those beside weights that contain it, and no tensor stays",
    async ({ family, method, form }) => {
      const backbone = goldenBackbone(family);
      const residual = drawResidual(backbone.config, ownOf(method), form, 0.1);
      const containing = createTransformer(backboneWith(backbone, ownOf(method), residual));
      const values = drawValues(entriesOf(method, containing), 0.2);
      const expected = await probe(method.create(containing), values, tinyTokens());
      containing.dispose();
      const transformer = createTransformer(backbone);
      const tuner = method.create(transformer);
      const without = await probe(tuner, values, tinyTokens(), false);
      const { numTensors } = tf.memory();
      const uploaded = residualAmong(tuner, residual);
      if (uploaded === null) throw new Error("the residual is uploaded");
      const found = await probe(besides(tuner, uploaded), values, tinyTokens());
      uploaded.dispose();
      expect(tf.memory().numTensors).toBe(numTensors);
      transformer.dispose();
      expect(relativeError(found.last, expected.last)).toBeLessThan(rounding);
      expect(relativeError(without.last, expected.last)).toBeGreaterThan(0.02);
      const largest = Math.max(...Object.values(expected.gradients).map((gradient) => Math.hypot(...gradient)));
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        const error = Math.hypot(...gradient.map((value, i) => value - found.gradients[name][i]));
        expect(error, name).toBeLessThan(rounding * largest + 1e-4 * Math.hypot(...gradient));
      }
    },
  );
});

test("dropout is of what LoRA reads: the residual reads everything, as the weights that contain it do", async () => {
  await startBackend("wasm");
  const settings = { rank: 3, alpha: 6, targets: ["q", "v", "up"], dropout: 0.4 } as const;
  const backbone = goldenBackbone("gpt2");
  const residual = drawResidual(backbone.config, settings, "both", 0.1);
  const dropping = (tuner: Tuner): Tuner => ({
    ...tuner,
    forward: (values, batch, options) => tuner.forward(values, batch, { ...options, inputDraws: [71, 12] }),
  });
  const [containing, transformer] = [createTransformer(backboneWith(backbone, settings, residual)), createTransformer(backbone)];
  const values = drawValues(tunedLayout(backbone.config, { method: "lora", ...settings, head: "labelWords" }, 0).entries, 0.2);
  const expected = await probe(dropping(createLoraTuner(containing, settings)), values, tinyTokens());
  const tuner = createLoraTuner(transformer, settings);
  const uploaded = residualAmong(tuner, residual);
  if (uploaded === null) throw new Error("the residual is uploaded");
  const found = await probe(besides(dropping(tuner), uploaded), values, tinyTokens());
  const whole = await probe(besides(tuner, uploaded), values, tinyTokens());
  uploaded.dispose();
  for (const one of [containing, transformer]) one.dispose();
  expect(relativeError(found.last, expected.last)).toBeLessThan(rounding);
  expect(relativeError(whole.last, expected.last)).toBeGreaterThan(0.01);
  for (const [name, gradient] of Object.entries(expected.gradients))
    expect(relativeError(found.gradients[name], gradient), name).toBeLessThan(1e-4);
});

describe("a residual that does not fit", () => {
  beforeEach(async () => {
    await startBackend("cpu");
  });

  test("is refused by name: a matrix that LoRA does not have, a factor without the other, another size, another method", () => {
    const [adapter, lora] = methodsOf("llama");
    const transformer = createTransformer(goldenBackbone("llama"));
    const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
    const among =
      (name: string, shape: number[], method = lora) =>
      () =>
        residualAmong(method.create(transformer), { [name]: tensor(...shape) });
    expect(among("residual/0/output/dense", [32, 32])).toThrow("tensor residual/0/output/dense: a residual of layers 0 to");
    expect(among("residual/99/query/dense", [32, 32])).toThrow("tensor residual/99/query/dense: a residual of layers 0 to");
    expect(among("residual/0/query/a", [2, 32])).toThrow("tensor residual/0/query/a: found it without its b, expected both factors");
    expect(among("residual/0/query/dense", [31, 32])).toThrow("tensor residual/0/query/dense: shape [31,32], expected [");
    expect(among("residual/0/query/dense", [32, 32], adapter)).toThrow(
      "tensor residual/0/query/dense: only LoRA has frozen differences beside it",
    );
    expect(residualAmong(lora.create(transformer), { "lora/0/query/a": tensor(3, 32) })).toBeNull();
    expect(residualAmong(lora.create(transformer), null)).toBeNull();
    transformer.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});
