import { beforeAll, expect, test } from "vitest";
import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer } from "../backbone/transformer.ts";
import { startBackend } from "../backends.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { computeAdmission, testAdmission } from "./admission.ts";

beforeAll(async () => {
  await startBackend("cpu");
});

test.each(["roberta", "llama"])("%s passes on its own numbers", async (family) => {
  const backbone = goldenBackbone(family);
  const numbers = await computeAdmission(backbone);
  expect(numbers.logits).toHaveLength(numbers.logitIds.length);
  expect(numbers.gradientNorm).toBeGreaterThan(0);
  const admission = await testAdmission(createTransformer(backbone), numbers);
  expect(admission.isPassed).toBe(true);
  expect(admission.detail).toMatch(/logits 0\.0e\+0, loss 0\.0e\+0, gradient 0\.0e\+0, gradient norm 0\.0e\+0, optimiser step \d/);
  expect(admission.worstError).toBeLessThan(1e-6); // the optimiser's step is compared with one that rounds otherwise
});

test.each([
  { what: "a weight of the last layer", name: "layers.2.feedForward.down.weight" },
  { what: "a norm of the first layer", name: "layers.0.attention.norm.bias" },
])("$what that is wrong fails the test and the sentence says by how much", async ({ name }) => {
  const backbone = goldenBackbone("roberta");
  const numbers = await computeAdmission(backbone);
  const broken: PackedBackbone = {
    ...backbone,
    tensor(wanted) {
      const tensor = backbone.tensor(wanted);
      return wanted === name ? { ...tensor, data: tensor.data.map((value, i) => (i % 5 === 0 ? value + 0.1 : value)) } : tensor;
    },
  };
  const admission = await testAdmission(createTransformer(broken), numbers);
  expect(admission.isPassed).toBe(false);
  expect(admission.worstError).toBeGreaterThan(0.01);
  expect(admission.detail).toMatch(/gradient \d/);
});

test("numbers that are not finite fail", async () => {
  const backbone = goldenBackbone("roberta");
  const numbers = await computeAdmission(backbone);
  const admission = await testAdmission(createTransformer(backbone), { ...numbers, loss: Number.NaN });
  expect(admission.isPassed).toBe(false);
});

test("a backbone without numbers is admitted, and the sentence says so", async () => {
  const admission = await testAdmission(createTransformer(goldenBackbone("roberta")), undefined);
  expect(admission).toMatchObject({ isPassed: true, detail: expect.stringMatching(/no golden numbers.*optimiser step/) });
});

test("a device that computes forward passes alone is tested by the logits and the loss, with nothing backward", async () => {
  const backbone = goldenBackbone("roberta");
  const numbers = await computeAdmission(backbone);
  const admission = await testAdmission(createTransformer(backbone), { ...numbers, gradientNorm: 9 * numbers.gradientNorm }, "forward");
  expect(admission).toMatchObject({ isPassed: true, detail: "relative errors: logits 0.0e+0, loss 0.0e+0" });
  const wrong = await testAdmission(createTransformer(backbone), { ...numbers, loss: 1.01 * numbers.loss }, "forward");
  expect(wrong).toMatchObject({ isPassed: false, detail: expect.stringContaining("loss 9.9e-3") });
});
