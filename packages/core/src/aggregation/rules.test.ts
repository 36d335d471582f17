import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { Updates } from "./declaration.ts";
import { squaredDistances } from "./distances.ts";
import { type AggregationSettings, aggregationRules, aggregationSchema, type Rule, ruleOf } from "./table.ts";

function rule(settings: AggregationSettings): Rule {
  const found = ruleOf({ aggregation: settings });
  if (found === null) throw new Error("the mean is no rule of its own here");
  return found;
}

/** All but the mean; f = 2, so that seven updates are enough for Krum. */
const all: readonly AggregationSettings[] = [
  { name: "normClipping", maxNorm: 50 },
  { name: "adaptiveClipping", quantile: 0.5 },
  { name: "coordinateMedian" },
  { name: "trimmedMean", numByzantine: 2 },
  { name: "multiKrum", numByzantine: 2 },
  { name: "geometricMedian" },
  { name: "centredClipping", radius: 1, numSteps: 3 },
];

function updatesOf(rows: readonly (readonly number[])[], numExamples: readonly number[] = rows.map(() => 1)): Updates {
  const total = numExamples.reduce((sum, count) => sum + count, 0);
  return { vectors: rows.map((row) => Float32Array.from(row)), weights: numExamples.map((count) => count / total) };
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThanOrEqual(tolerance);
}

interface Reference {
  readonly updates: number[][];
  readonly numExamples: number[];
  readonly krumChosen: number[];
  readonly results: { readonly settings: AggregationSettings; readonly result: number[] }[];
}

const reference: Reference = JSON.parse(readFileSync(new URL("./golden/numbers.json", import.meta.url), "utf8"));

/** Both sides compute in float64 from numbers that f32 holds exactly; Weiszfeld's steps end at a millionth of the mean distance, which is 10 here. */
const tolerances: Partial<Record<AggregationSettings["name"], number>> = { geometricMedian: 1e-4 };

test.each(reference.results)("independent reference: $settings.name agrees with numpy", ({ settings, result }) => {
  const updates = updatesOf(reference.updates, reference.numExamples);
  const found = settings.name === "mean" ? aggregationRules.mean.combine(updates, settings) : rule(settings).combine(updates);
  expectClose(found, result, tolerances[settings.name] ?? 1e-12);
});

test("the reference's Krum keeps the updates that numpy's does, none of which is bad", () => {
  const admitted = rule({ name: "multiKrum", numByzantine: 3 }).admit?.(updatesOf(reference.updates)) ?? [];
  expect(admitted.map(({ place }) => place)).toEqual(reference.krumChosen);
  expect(admitted.every(({ place }) => place !== 4 && place !== 10)).toBe(true);
});

test("norm clipping by hand: norms 5, 13 and 2.5 within 5, weighted 2 : 1 : 5", () => {
  const { vectors, weights } = updatesOf(
    [
      [3, 4],
      [5, -12],
      [-1.5, 2],
    ],
    [2, 1, 5],
  );
  // (2·3 + 5·5/13 − 5·1.5) / 8 and (2·4 − 12·5/13 + 5·2) / 8
  expectClose(rule({ name: "normClipping", maxNorm: 5 }).combine({ vectors, weights }), [0.052884615384615, 1.673076923076923], 1e-14);
  // the second smallest of three norms is 5 for every γ in (1/3, 2/3]
  expectClose(
    rule({ name: "adaptiveClipping", quantile: 0.5 }).combine({ vectors, weights }),
    [0.052884615384615, 1.673076923076923],
    1e-14,
  );
  expectClose(rule({ name: "adaptiveClipping", quantile: 1 }).combine({ vectors, weights }), [0.4375, 0.75], 1e-14);
});

test("coordinate median and trimmed mean by hand, for odd and even numbers of devices; examples do not count", () => {
  const rows = [
    [1, 20],
    [7, -3],
    [2, 5],
    [-40, 4],
    [3, 1],
  ];
  const counts = [100, 1, 1, 7, 2];
  expect([...rule({ name: "coordinateMedian" }).combine(updatesOf(rows, counts))]).toEqual([2, 4]);
  expect([...rule({ name: "coordinateMedian" }).combine(updatesOf(rows.slice(1), counts.slice(1)))]).toEqual([2.5, 2.5]);
  expectClose(rule({ name: "trimmedMean", numByzantine: 1 }).combine(updatesOf(rows, counts)), [2, 10 / 3], 1e-15);
});

test("multi-Krum by hand: five updates on a line, of which two are kept with f = 1", () => {
  // squared distances to the two nearest others: 0: 1 + 9 = 10; 1: 1 + 4 = 5; 3: 4 + 9 = 13; 6: 9 + 25 = 34; 100: 94² + 97²
  const updates = updatesOf([[3], [0], [100], [1], [6]], [1, 2, 3, 4, 5]);
  const { combine, admit } = rule({ name: "multiKrum", numByzantine: 1 });
  expect(admit?.(updates).map(({ place }) => place)).toEqual([1, 3]);
  expect([...combine(updates)]).toEqual([0.5]);
});

test("the geometric median by hand: the middle of a line, and the crossing of a square's diagonals", () => {
  const { combine } = rule({ name: "geometricMedian" });
  expectClose(combine(updatesOf([[0], [1], [50]])), [1], 1e-4);
  expectClose(
    combine(
      updatesOf([
        [0, 0],
        [4, 4],
        [3, 1],
        [1, 3],
      ]),
    ),
    [2, 2],
    1e-5,
  );
});

test("centred clipping by hand: from the median, each way clipped to the radius", () => {
  // median 2; distances 2, 1, 0, 6, 2, of which the median is 2, radius 1.5 · 2 = 3: ways −2, −1, 0, 3, 2
  const { combine } = rule({ name: "centredClipping", radius: 1.5, numSteps: 1 });
  expectClose(combine(updatesOf([[0], [1], [2], [8], [4]])), [2 + 2 / 5], 1e-12);
});

/** Near 1 in every value; so long that blocks of columns end within it. */
function honestUpdates(seed: number, count: number, length = 523): number[][] {
  const random = createRandom(seed).stream({ purpose: "updates" });
  return Array.from({ length: count }, () => Array.from({ length }, () => 1 + 0.25 * random.normal()));
}

test.each(all)("$name: equal updates give that update", (settings) => {
  const [update] = honestUpdates(3, 1);
  const found = rule(settings).combine(
    updatesOf(
      Array.from({ length: 7 }, () => update),
      [3, 1, 4, 1, 5, 9, 2],
    ),
  );
  expectClose(found, Float32Array.from(update), 1e-12);
});

test.each(all)("$name: the order of the devices does not matter", (settings) => {
  const rows = [...honestUpdates(4, 7), ...honestUpdates(5, 2).map((row) => row.map((value) => -40 * value))];
  const counts = [3, 1, 4, 1, 5, 9, 2, 6, 8];
  const order = [8, 3, 1, 6, 0, 7, 5, 2, 4];
  const moved = updatesOf(
    order.map((place) => rows[place]),
    order.map((place) => counts[place]),
  );
  expectClose(rule(settings).combine(moved), rule(settings).combine(updatesOf(rows, counts)), 1e-9);
});

/** How f bad devices of n = 9 may send: all far on one side, at the largest values that are accepted, spread, or one against the other. */
const badUpdates: readonly [string, (k: number, i: number) => number][] = [
  ["all at the largest value", () => 1e4],
  ["all at the smallest value", () => -1e4],
  ["opposed to each other", (k) => (k % 2 === 0 ? 1e4 : -1e4)],
  ["in single values", (k, i) => (i === k ? 1e4 : 1)],
  ["near, but on one side", () => 1.7],
];

/** n = 9, f = 2. */
const broken = all.flatMap((settings) => badUpdates.map(([how, bad]) => ({ name: settings.name, how, settings, bad })));

test.each(broken)("$name: two bad devices of nine, $how, cannot move it beyond the honest devices", ({ settings, bad }) => {
  const honest = honestUpdates(6, 7);
  const vectorOf = (k: number) => Array.from({ length: honest[0].length }, (_, i) => bad(k, i));
  const found = rule(settings).combine(updatesOf([vectorOf(0), ...honest, vectorOf(1)]));
  const centre = honest[0].map((_, i) => honest.reduce((sum, row) => sum + row[i], 0) / honest.length);
  const distance = (row: ArrayLike<number>) => Math.hypot(...centre.map((value, i) => row[i] - value));
  if (settings.name === "coordinateMedian" || settings.name === "trimmedMean") {
    for (let i = 0; i < centre.length; i++) {
      expect(found[i]).toBeGreaterThanOrEqual(Math.min(...honest.map((row) => Math.fround(row[i]))));
      expect(found[i]).toBeLessThanOrEqual(Math.max(...honest.map((row) => Math.fround(row[i]))));
    }
    return;
  }
  // norms: a bad device moves a clipped mean by 2/9 of the way to the bound, which lies on the honest norms, or is 50
  const bound = settings.name === "normClipping" ? 50 : Math.max(...honest.map((row) => Math.hypot(...row)));
  const isClipping = settings.name === "normClipping" || settings.name === "adaptiveClipping";
  const furthest = Math.max(...honest.map(distance));
  expect(distance(found)).toBeLessThanOrEqual(isClipping ? (2 / 9) * (bound + Math.hypot(...centre)) + furthest : 2 * furthest);
});

test("the mean is moved as far as one device likes", () => {
  const rows = [...honestUpdates(6, 8), Array.from({ length: 523 }, () => 1e4)];

  expect(aggregationRules.mean.combine(updatesOf(rows), { name: "mean" })[0]).toBeGreaterThan(1000);
});

test("what an update is clipped to is the longest norm that all but f devices are within", () => {
  const norms = [4, 90, 1, 3, 2, 80, 5];
  const longest = (settings: AggregationSettings) => rule(settings).maxNorm(norms);
  expect(longest({ name: "trimmedMean", numByzantine: 2 })).toBe(5);
  expect(longest({ name: "multiKrum", numByzantine: 1 })).toBe(80);
  expect(longest({ name: "coordinateMedian" })).toBe(4);
  expect(longest({ name: "geometricMedian" })).toBe(4);
  expect(longest({ name: "adaptiveClipping", quantile: 0.25 })).toBe(2);
  expect(longest({ name: "normClipping", maxNorm: 1.5 })).toBe(1.5);
});

test("distances by way of the Gram matrix are those of the definition, also where updates lie close together far from 0", () => {
  const rows = honestUpdates(8, 6, 1031).map((row) => row.map((value) => Math.fround(1000 + 1e-3 * value)));
  const { vectors } = updatesOf(rows);
  const found = squaredDistances(vectors);
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 6; j++) {
      const expected = vectors[i].reduce((sum, value, k) => sum + (value - vectors[j][k]) ** 2, 0);
      expect(Math.abs(found[i * 6 + j] - expected)).toBeLessThanOrEqual(1e-9 * expected);
    }
  }
});

test("a setting that is left out has its default, and unknown names are refused", () => {
  expect(aggregationSchema.parse({ name: "multiKrum" })).toEqual({ name: "multiKrum", numByzantine: 1 });
  expect(aggregationSchema.parse({ name: "centredClipping" })).toEqual({ name: "centredClipping", radius: 1, numSteps: 3 });
  expect(aggregationSchema.safeParse({ name: "coordinateMedian", numByzantine: 1 }).success).toBe(false);
  expect(aggregationSchema.safeParse({ name: "best" }).success).toBe(false);
});

test("without a rule, and under the mean, a run has no rule of its own", () => {
  expect(ruleOf({})).toBeNull();
  expect(ruleOf({ aggregation: { name: "mean" } })).toBeNull();
});

test("a rule that gets fewer updates than its condition says throws, and makes no numbers of them", () => {
  expect(() => rule({ name: "trimmedMean", numByzantine: 2 }).combine(updatesOf([[1], [2], [3], [4]]))).toThrow(
    "trimmedMean: 4 updates, expected at least 5 (n ≥ 2f + 1)",
  );
  expect(() => rule({ name: "multiKrum", numByzantine: 1 }).admit?.(updatesOf([[1], [2]]))).toThrow("expected at least 5 (n ≥ 2f + 3)");
});
