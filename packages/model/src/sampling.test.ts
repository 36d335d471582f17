import { createRandom } from "@tutti/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleToken } from "./sampling.ts";

const stream = (seed: number) => createRandom(seed).stream({ purpose: "sampling" });
const logits = [1, 3, 2.5, -4, 3]; // probabilities .050 .369 .224 .0003 .369, with the last three in other order

test("temperature 0 takes the largest logit, and of equal ones the first", () => {
  for (let seed = 0; seed < 5; seed++) expect(sampleToken(logits, { temperature: 0, topP: 0.3 }, stream(seed))).toBe(1);
});

test("draws follow the softmax of logits divided by the temperature", () => {
  const random = stream(7);
  const numDraws = 20_000;
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < numDraws; i++) counts[sampleToken(logits, { temperature: 2, topP: 1 }, random)] += 1;
  const weights = logits.map((logit) => Math.exp(logit / 2));
  const total = weights.reduce((a, b) => a + b, 0);
  // four standard deviations of a share drawn 20,000 times are at most 0.014
  for (const [id, weight] of weights.entries()) expect(Math.abs(counts[id] / numDraws - weight / total)).toBeLessThan(0.014);
});

test("top-p keeps the fewest tokens that reach it", () => {
  const random = stream(8);
  const drawn = (topP: number) => new Set(Array.from({ length: 400 }, () => sampleToken(logits, { temperature: 1, topP }, random)));
  expect([...drawn(0.3)]).toEqual([1]);
  expect([...drawn(0.5)].sort()).toEqual([1, 4]);
  expect([...drawn(0.8)].sort()).toEqual([1, 2, 4]);
});

test("the same stream draws the same token, whatever is added to all logits", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 1 }), fc.nat(), (values, seed) => {
      const settings = { temperature: 0.7, topP: 0.9 };
      const token = sampleToken(values, settings, stream(seed));
      expect(token).toBeLessThan(values.length);
      expect(sampleToken(values, settings, stream(seed))).toBe(token);
    }),
  );
});

test("settings that mean nothing are refused", () => {
  expect(() => sampleToken(logits, { temperature: -1, topP: 1 }, stream(1))).toThrow("temperature -1");
  expect(() => sampleToken(logits, { temperature: Number.NaN, topP: 1 }, stream(1))).toThrow("temperature NaN");
  expect(() => sampleToken(logits, { temperature: 1, topP: 0 }, stream(1))).toThrow("top-p 0");
});
