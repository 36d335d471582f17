import { expect, test } from "vitest";
import { partShares } from "./kernelShares.ts";

test("a step's parts are shares of all the time, and what no kernel took is JavaScript's", () => {
  const first = { totalMs: 60, numSteps: 2, callsByKernel: {}, msByKernel: { TuttiLinear: 20, TuttiAttendGradient: 6, Sqrt: 2 } };
  const second = { totalMs: 40, numSteps: 1, callsByKernel: {}, msByKernel: { BatchMatMul: 10, TuttiActivate: 4, TuttiNormGradient: 3 } };
  const shares = partShares([first, second]);
  const expected = { products: 0.3, attention: 0.06, activations: 0.04, norms: 0.03, "other kernels": 0.02, JavaScript: 0.55 };
  for (const [part, share] of Object.entries(expected)) expect(shares[part as keyof typeof shares]).toBeCloseTo(share, 12);
});
