import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { distinctSequences, readsStates, scoreBounds, scoreGram, scoreLayer, scoreLayers } from "./layerScores.ts";

test("eight orthogonal examples score 8.0000000004", () => {
  const gram = Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 + i : 0));
  expect(scoreGram(gram, 8)).toBeCloseTo(8.0000000004, 9);
});

test.each([
  [0, 2.0000000001],
  [0.5, 2.378966817],
  [0.9, 8.8646871707],
  [0.99, 96.4865788],
])("two examples with cosine %d score %d", (r, expected) => {
  const [a, b] = [3, 0.7]; // norms, which must not matter
  expect(scoreGram([a * a, r * a * b, r * a * b, b * b], 2)).toBeCloseTo(expected, 6);
});

test("the score does not change with the scale of a row or the order of the examples", () => {
  const value = fc.double({ min: -2, max: 2, noNaN: true });
  const rows = fc.array(fc.array(value, { minLength: 12, maxLength: 12 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(rows, (states) => {
      fc.pre(states.every((row) => Math.hypot(...row) > 0.5));
      const score = scoreLayer("score", Float32Array.from(states.flat()), 3);
      fc.pre(score < 100); // nearly parallel rows magnify f32 rounding
      const changed = [states[2].map((x) => 4 * x), states[0], states[1].map((x) => x / 2)];
      expect(scoreLayer("score", Float32Array.from(changed.flat()), 3) / score).toBeCloseTo(1, 9);
    }),
    { numRuns: 30 },
  );
});

test("every selector that reads states gives the hand-computed value", () => {
  const states = Float32Array.of(3, -1, 0, 2, /* */ 0, 4, -2, 5);
  // signs: + - - +  and  - + - +: two agree, K = [[4, 2], [2, 4]], det 12
  expect(scoreLayer("naswot", states, 2)).toBeCloseTo(Math.log(12), 12);
  // two examples: similarity is d on the diagonal and 0 beside it, so both eigenvalues are d
  const both = (distance: number) => 2 * (Math.log(distance + 1e-5) + 1 / (distance + 1e-5));
  expect(scoreLayer("l1", states, 2)).toBeCloseTo(both(3 + 5 + 2 + 3), 12);
  expect(scoreLayer("l2", states, 2)).toBeCloseTo(both(Math.sqrt(9 + 25 + 4 + 9)), 12);
  const cosine = 6 / Math.sqrt(14 * 45);
  expect(scoreLayer("score", states, 2)).toBeCloseTo(scoreGram([1, cosine, cosine, 1], 2), 10);
});

test("equal activation patterns give naswot a finite, low score", () => {
  const same = scoreLayer("naswot", Float32Array.of(1, -2, 3, 2, -5, 1), 2);
  expect(Number.isFinite(same)).toBe(true);
  expect(same).toBeLessThan(scoreLayer("naswot", Float32Array.of(1, -2, 3, -2, 5, 1), 2));
});

test("a duplicate drowns every other signal, so duplicates are dropped by token sequence first", () => {
  const random = createRandom(11).stream({ purpose: "test" });
  const row = () => Array.from({ length: 40 }, () => random.normal());
  const [first, second] = [row(), row()];
  const withDuplicate = scoreLayer("score", Float32Array.from([...first, ...second, ...first]), 3);
  expect(withDuplicate).toBeGreaterThan(1e4);
  const kept = distinctSequences([Int32Array.of(5, 12), [51, 2], Int32Array.of(5, 12), [5, 1, 2], [5, 12, 0]]);
  expect(kept).toEqual([0, 1, 3, 4]);
});

test("a device with fewer than two distinct examples abstains", () => {
  const input = { states: [Float32Array.of(1, 2)], numLayers: 2, scoreLastLayer: false };
  expect(scoreLayers("score", { ...input, numExamples: 1 })).toBeNull();
  expect(scoreLayers("score", { ...input, numExamples: 0 })).toBeNull();
  expect(scoreLayers("score", { ...input, numExamples: 2 })?.map((score) => score === null)).toEqual([false, true]);
});

test("the last layer is scored only when asked for", () => {
  const states = [Float32Array.of(1, 2, 3, -1), Float32Array.of(1, 5, 3, -2)];
  const scores = scoreLayers("l2", { numExamples: 2, states, numLayers: 2, scoreLastLayer: true });
  expect(scores).toEqual(states.map((layer) => scoreLayer("l2", layer, 2)));
  expect(() => scoreLayers("l2", { numExamples: 2, states, numLayers: 3, scoreLastLayer: true })).toThrow(
    "3 layers are scored, received states of 2",
  );
});

test("states that cannot be scored are refused by name", () => {
  expect(() => scoreLayer("score", Float32Array.of(0, 0, 1, 2), 2)).toThrow("example 0 has hidden states of norm 0");
  expect(() => scoreLayer("score", Float32Array.of(Number.NaN, 0, 1, 2), 2)).toThrow("norm NaN");
  expect(() => scoreLayer("score", Float32Array.of(1, 2, 3), 2)).toThrow("not rows of 2 examples");
});

test("selectors say whether they read hidden states", () => {
  const selectors = ["score", "naswot", "l1", "l2", "random", "all", "first", "middle", "last"] as const;
  expect(selectors.filter(readsStates)).toEqual(["score", "naswot", "l1", "l2"]);
});

test("scores lie within their bounds, also of states that are all alike and of ones that share nothing", () => {
  const alike = Float32Array.from({ length: 24 }, (_, i) => 1 + 1e-7 * (i % 5));
  const apart = Float32Array.from({ length: 24 }, (_, i) => (i % 7 === 0 ? 3e30 : -2e-30));
  for (const selector of ["score", "naswot", "l1", "l2"] as const) {
    const { least, most } = scoreBounds(selector, 4);
    for (const states of [alike, apart, alike.map((value) => -value)]) {
      const [score] = scoreLayers(selector, { numExamples: 4, states: [states], numLayers: 1, scoreLastLayer: true }) ?? [];
      expect(score).toBeGreaterThanOrEqual(least);
      expect(score).toBeLessThanOrEqual(most);
    }
  }
  expect(scoreBounds("score", 8)).toEqual({ least: 0, most: 800_000 });
  expect(scoreBounds("naswot", 8).most).toBe(512);
});
