import { expect, test } from "vitest";
import { padBatch, padExactly } from "./batch.ts";

test("a batch is padded at the end to its longest text, rounded up to a multiple of 8", () => {
  const batch = padBatch(
    [
      [5, 6, 7],
      [8, 9, 10, 11, 12, 13, 14, 15, 16],
    ],
    1,
  );
  expect(batch).toMatchObject({ numTokens: 16, lengths: [3, 9] });
  expect([...batch.ids]).toEqual([5, 6, 7, ...Array(13).fill(1), 8, 9, 10, 11, 12, 13, 14, 15, 16, ...Array(7).fill(1)]);
  expect(padBatch([Array(8).fill(5)], 1).numTokens).toBe(8);
  expect(padExactly([[5, 6], [7]], 3)).toEqual({ ids: Int32Array.of(5, 6, 7, 3), numTokens: 2, lengths: [2, 1] });
});

test("a batch without texts, or with a text without tokens, is refused", () => {
  expect(() => padBatch([], 1)).toThrow("at least one text");
  expect(() => padBatch([[5], []], 1)).toThrow("text 2 of a batch of 2 has no token, every text needs at least one");
});
