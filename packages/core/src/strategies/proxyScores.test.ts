import { expect, test } from "vitest";
import { proxyScores } from "./proxyScores.ts";

const large = [1.5, -2, 0.25];
const tuned = [0.5, 1, -0.75];
const untuned = [-0.25, 2, 0.5];

test("the large model's scores are shifted by a times what tuning changed of the small one's", () => {
  // 1.5 + .6 · .75, −2 + .6 · (−1), .25 + .6 · (−1.25)
  const expected = [1.95, -2.6, -0.5];
  for (const [token, score] of proxyScores({ large, tuned, untuned }, 0.6).entries()) expect(score).toBeCloseTo(expected[token], 6);
});

test("with a = 0, or a small model that nothing was tuned of, they are the large model's, to the bit", () => {
  expect([...proxyScores({ large, tuned, untuned }, 0)]).toEqual(large);
  expect([...proxyScores({ large, tuned: untuned, untuned }, 0.7)]).toEqual(large);
});

test("where the large model is the untuned small one they are the tuned small model's", () => {
  expect([...proxyScores({ large: untuned, tuned, untuned }, 1)]).toEqual(tuned);
});

test("scores over other vocabularies are refused with their sizes", () => {
  expect(() => proxyScores({ large, tuned: [1, 2], untuned }, 1)).toThrow("the large model scores 3 tokens, the tuned small one 2");
});
