import * as tf from "@tensorflow/tfjs";
import { beforeEach, expect, test } from "vitest";
import { paddedBatch, rowLayout, textsOf, tokenBatch, withRowsInFront } from "./batch.ts";

beforeEach(() => tf.setBackend("cpu"));

test("texts of a batch lie end to end, without padding", () => {
  const batch = tokenBatch([[5, 6, 7], [8, 9, 10, 11, 12], [13]], 1);
  expect(batch).toEqual({ ids: Int32Array.of(5, 6, 7, 8, 9, 10, 11, 12, 13), numRows: 9, starts: [0, 3, 8], lengths: [3, 5, 1] });
  expect(textsOf(batch)).toEqual([[5, 6, 7], [8, 9, 10, 11, 12], [13]]);
});

test("rows in front move every text by those of the texts before it too", () => {
  expect(withRowsInFront(rowLayout([3, 5]), 2)).toEqual({ numRows: 12, starts: [0, 5], lengths: [5, 7] });
});

test("a padded batch says how much of each text is seen", () => {
  const batch = paddedBatch([[5, 6, 7], [8]], 1);
  expect(batch).toEqual({ ids: Int32Array.of(5, 6, 7, 8, 1, 1), numRows: 6, starts: [0, 3], lengths: [3, 3], seenLengths: [3, 1] });
});

test("a batch without texts, or with a text without tokens, is refused", () => {
  expect(() => tokenBatch([], 1)).toThrow("at least one text");
  expect(() => tokenBatch([[5], []], 1)).toThrow("text 2 of a batch of 2 has no token, every text needs at least one");
});
