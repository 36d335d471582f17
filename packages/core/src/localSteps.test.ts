import { expect, test } from "vitest";
import { countSteps } from "./localSteps.ts";

test("K_i is E · ceil(n_i / B)", () => {
  const training = { localEpochs: 3, batchSize: 4 };
  expect(countSteps(9, training)).toBe(9);
  expect(countSteps(8, training)).toBe(6);
  expect(countSteps(1, training)).toBe(3);
});
