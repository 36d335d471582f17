import { expect, test } from "vitest";
import { withVariant } from "../kernels/webgpu/traits.ts";
import { drawValues, probe, tinyTokens } from "../testing/layerTuners.ts";
import { type ProbedCase, probeCase, testOnWebGpu } from "../testing/probesOnBackends.ts";
import { promptEntriesOf, promptMethods } from "../testing/promptTuners.ts";
import { relativeError } from "../verify/relativeError.ts";

const caseOf = (family: string, method: (typeof promptMethods)[number]): ProbedCase => ({
  family,
  name: method.name,
  probe: (transformer) => probe(method.create(transformer), drawValues(promptEntriesOf(method, transformer), 0.3), tinyTokens()),
});

const cases = [
  ...promptMethods.map((method) => caseOf("roberta", method)),
  ...promptMethods.slice(2, 3).map((method) => caseOf("llama", method)),
];
const expectedOf = testOnWebGpu(cases);

test("the states and gradients of an input prompt are the CPU's with workgroup memory, too", { timeout: 180_000 }, async () => {
  const inputPrompt = cases[0];
  expect(inputPrompt.name).toBe("inputPrompt");
  const found = await withVariant("shared", () => probeCase(inputPrompt));
  const right = expectedOf(inputPrompt);
  expect(relativeError(found.last, right.last)).toBeLessThan(1e-5);
  expect(relativeError(found.gradients.prompt, right.gradients.prompt)).toBeLessThan(1e-4);
});
