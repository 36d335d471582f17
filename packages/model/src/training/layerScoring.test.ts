import { createRandom, initialParams } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { drawValues } from "../testing/layerTuners.ts";
import { promptMethods } from "../testing/promptTuners.ts";
import { tinyExamples, tinyTuned } from "../testing/tinyTuned.ts";
import { flattenTuned, tunedLayout } from "../tuning/layout.ts";
import type { Tuned } from "./gradient.ts";
import { scoreBatch, statesByExample } from "./layerScoring.ts";

const spec = { kind: "score", selector: "score", minBatch: 8, dropout: false, maskPadding: true, scoreLastLayer: false } as const;
let tuned: Tuned;
let values: Float32Array;

beforeAll(async () => {
  await startBackend("wasm");
  tuned = tinyTuned();
  values = flattenTuned(tuned.layout, initialParams(tuned.layout.entries, createRandom(1)));
});

test("every layer but the last is scored, and the scores do not hang on the order of the examples", async () => {
  const examples = tinyExamples(6);
  const scores = (await scoreBatch(tuned, values, examples, spec)) ?? [];
  const reversed = (await scoreBatch(tuned, values, [...examples].reverse(), spec)) ?? [];
  expect(scores).toHaveLength(3);
  expect(scores[2]).toBeNull();
  for (const layer of [0, 1]) expect(reversed[layer]).toBeCloseTo(scores[layer] ?? Number.NaN, 3);
});

test("a duplicate text changes no score, and a device with one distinct text abstains", async () => {
  const examples = tinyExamples(5);
  const scores = await scoreBatch(tuned, values, examples, spec);
  expect(await scoreBatch(tuned, values, [...examples, { ...examples[1] }], spec)).toEqual(scores);
  expect(await scoreBatch(tuned, values, [examples[0], examples[0]], spec)).toBeNull();
});

test("other selectors score the same states", async () => {
  for (const selector of ["naswot", "l1", "l2"] as const) {
    const scores = (await scoreBatch(tuned, values, tinyExamples(5), { ...spec, selector, scoreLastLayer: true })) ?? [];
    expect(scores.every((score) => Number.isFinite(score))).toBe(true);
    expect(scores).toHaveLength(3);
  }
  await expect(scoreBatch(tuned, values, tinyExamples(5), { ...spec, selector: "first" })).rejects.toThrow("needs no hidden states");
});

test("texts lie side by side, zero behind the shorter ones", () => {
  const state = Float32Array.from({ length: 12 }, (_, i) => i + 1); // rows of width 2: a text of 2, one of 3, one of nobody
  expect([...statesByExample(state, { starts: [0, 2], lengths: [2, 3] }, 2)]).toEqual([1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 9, 10]);
});

test("padding that counts changes the scores, whose masked form does not know it", async () => {
  const examples = tinyExamples(5);
  const [masked, counted] = [
    await scoreBatch(tuned, values, examples, spec),
    await scoreBatch(tuned, values, examples, { ...spec, maskPadding: false }),
  ];
  expect(counted?.[0]).not.toBeCloseTo(masked?.[0] ?? Number.NaN, 3);
  const equal = examples.map((example) => ({ ...example, ids: example.ids.slice(0, 2) }));
  const [same, alike] = [
    await scoreBatch(tuned, values, equal, spec),
    await scoreBatch(tuned, values, equal, { ...spec, maskPadding: false }),
  ];
  for (const layer of [0, 1]) expect(alike?.[layer]).toBeCloseTo(same?.[layer] ?? Number.NaN, 3);
});

test("layers are scored where prompt rows stand among the texts' rows, all of them or from the middle", async () => {
  const { transformer, objective, positionsAfterPrefix } = tinyTuned();
  for (const method of promptMethods) {
    const layout = tunedLayout(transformer.config, method.tuning, 3);
    const tuned = { transformer, tuner: method.create(transformer), layout, objective, positionsAfterPrefix };
    const values = flattenTuned(layout, drawValues(layout.entries, 0.3));
    const scores = (await scoreBatch(tuned, values, tinyExamples(6), { ...spec, scoreLastLayer: true })) ?? [];
    expect(scores.map((score) => Number.isFinite(score))).toEqual([true, true, true]);
  }
});
