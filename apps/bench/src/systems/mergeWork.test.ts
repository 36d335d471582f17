import { expect, test } from "vitest";
import { measureMerging } from "./mergeWork.ts";

test("both ways of merging are measured on the same clients and find errors that are alike", () => {
  const work = { ranks: [2, 4, 3, 4], numMatrices: 2, size: 24 };
  const exact = measureMerging({ ...work, isByDraws: false });
  const drawn = measureMerging({ ...work, isByDraws: true });
  for (const { seconds, worstError } of [exact, drawn]) {
    expect(seconds).toBeGreaterThan(0);
    expect(worstError).toBeGreaterThan(0.01);
    expect(worstError).toBeLessThan(1);
  }
  expect(drawn.worstError).toBeCloseTo(exact.worstError, 1);
});
