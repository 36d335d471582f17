import { expect, test } from "vitest";
import { paddedFraction, ratioInTurns, takeTurns } from "./ratios.ts";

test("a ratio in turns is the median of the turns' ratios, not the ratio of medians", () => {
  // 1/2, 6/3, 5/10: the median is 1/2; of the medians 5 and 3 it would be 5/3
  expect(ratioInTurns([1, 6, 5], [2, 3, 10])).toBe(0.5);
  expect(() => ratioInTurns([1, 2], [3])).toThrow("found 2 and 1");
  expect(() => ratioInTurns([], [])).toThrow("found 0 and 0");
});

test("in every turn each works once, alone, and whoever was first is last in the next", async () => {
  const log: string[] = [];
  const worker = (name: string) => async (turn: number) => {
    log.push(`${name}${turn} begins`);
    await Promise.resolve();
    log.push(`${name}${turn} ends`);
    return `${name}${turn}`;
  };
  const results = await takeTurns(2, [worker("a"), worker("b")]);
  expect(results).toEqual([
    ["a0", "a1"],
    ["b0", "b1"],
  ]);
  expect(log.filter((line) => line.endsWith("begins")).map((line) => line.slice(0, 2))).toEqual(["a0", "b0", "b1", "a1"]);
  expect(log[1]).toBe("a0 ends");
});

test("padding is what is added to each batch's texts up to its longest, rounded up", () => {
  // 3 texts × 16 rows and 2 × 8 make 64 rows, of which 3 + 7 + 9 + 5 + 8 = 32 are text
  const batches = [
    [3, 7, 9],
    [5, 8],
  ];
  expect(paddedFraction(batches, 8)).toBe(0.5);
  expect(paddedFraction(batches, 1)).toBeCloseTo(1 - 32 / (27 + 16), 12);
});
