import { expect, test } from "vitest";
import { likeliestTokens, probabilityOf } from "./candidates.ts";

// exp(ln 4) : exp(ln 3) : exp(ln 2) : 1 : exp(ln 5) = 4 : 3 : 2 : 1 : 5, of 15
const logits = Float32Array.from([4, 3, 2, 1, 5].map((weight) => Math.log(weight)));

test("candidates are the likeliest tokens with their shares of all, likeliest first", () => {
  const found = likeliestTokens(logits, 1, 3);
  expect(found.map(({ id }) => id)).toEqual([4, 0, 1]);
  for (const [i, share] of [5 / 15, 4 / 15, 3 / 15].entries()) expect(found[i]?.probability).toBeCloseTo(share, 6);
});

test("a lower temperature sharpens the shares: at one half they go by the squares", () => {
  const found = likeliestTokens(logits, 0.5, 2);
  const total = 16 + 9 + 4 + 1 + 25;
  expect(found[0]?.probability).toBeCloseTo(25 / total, 6);
  expect(found[1]?.probability).toBeCloseTo(16 / total, 6);
});

test("at temperature 0 they are the model's own, ties go to the lower id, and logits of any size do not overflow", () => {
  expect(likeliestTokens(logits, 0, 1)[0]?.probability).toBeCloseTo(5 / 15, 6);
  expect(likeliestTokens([900, 900, 899], 1, 5).map(({ id }) => id)).toEqual([0, 1, 2]);
  expect(likeliestTokens([900, 900], 1, 5).map(({ probability }) => probability)).toEqual([0.5, 0.5]);
});

test("a token's own probability is its share, among the likeliest or not", () => {
  expect(probabilityOf(3, logits, 1)).toBeCloseTo(1 / 15, 6);
  expect(probabilityOf(3, logits, 0.5)).toBeCloseTo(1 / 55, 6);
});
