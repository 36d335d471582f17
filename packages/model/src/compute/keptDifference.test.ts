import { expect, test } from "vitest";
import { addKept, keepTop } from "./keptDifference.ts";

const large = Float32Array.of(3, -1, 0.5, 2, -2);
const small = Float32Array.of(0.5, 2.5, 0, -1, 0.25);

test("the tokens that either model scores highest are kept, and the others have their mean", () => {
  const { position } = keepTop(large, small, 1);
  expect([...position.tokens]).toEqual([0, 1]);
  expect([...position.values]).toEqual([2.5, -3.5]);
  // (.5 + 3 − 2.25) / 3
  expect(position.rest).toBeCloseTo(1.25 / 3, 6);
  const scores = addKept(small, position);
  expect([scores[0], scores[1]]).toEqual([3, -1]);
  expect(scores[3]).toBeCloseTo(-1 + 1.25 / 3, 6);
});

test("its error is the total variation of what the large model would say", () => {
  const { error, position } = keepTop(large, small, 1);
  const softmax = (scores: ArrayLike<number>) => {
    const weights = Array.from(scores, Math.exp);
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  };
  const [p, q] = [softmax(large), softmax(addKept(small, position))];
  expect(error).toBeCloseTo(p.reduce((sum, value, i) => sum + Math.abs(value - q[i]), 0) / 2, 9);
  expect(error).toBeGreaterThan(0.1);
});

test("with as many scores as there are tokens nothing is lost, and more tokens are never worse here", () => {
  const errors = [1, 2, 3, 5, 9].map((topK) => keepTop(large, small, topK).error);
  expect(errors[3]).toBeLessThan(1e-7); // s_small + (s_large − s_small) rounds once
  expect(errors[4]).toBe(errors[3]);
  expect([...errors].sort((a, b) => b - a)).toEqual(errors);
});

test("of equal scores the first are kept, so that a position keeps at most K of each model", () => {
  const flat = new Float32Array(6).fill(1);
  expect([...keepTop(flat, flat, 2).position.tokens]).toEqual([0, 1]);
});
