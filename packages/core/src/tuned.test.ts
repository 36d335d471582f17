import { expect, test } from "vitest";
import { createRandom } from "./random.ts";
import { initialParams, tunedEntries, tunedShape } from "./tuned.ts";

const sizes = { numLayers: 3, hiddenSize: 12, keyValueWidth: 6 };

test("prefixes are as wide as keys and values, the head as wide as the hidden states, and only the head always travels", () => {
  const entries = tunedEntries(sizes, { method: "prefix", promptTokens: 5, head: "linear" }, 4);
  expect(entries.map(({ name, shape }) => `${name} ${shape}`)).toEqual([
    "prefix/0 2,5,6",
    "prefix/1 2,5,6",
    "prefix/2 2,5,6",
    "head/weight 4,12",
    "head/bias 4",
  ]);
  expect(tunedShape(entries)).toEqual({
    numLayers: 3,
    layerNames: [["prefix/0"], ["prefix/1"], ["prefix/2"]],
    alwaysShared: ["head/weight", "head/bias"],
  });
  expect(tunedShape(tunedEntries(sizes, { method: "prefix", promptTokens: 5, head: "labelWords" }, 4)).alwaysShared).toEqual([]);
});

test("a run starts from small prompts of their own and a zero head, by its seed", () => {
  const entries = tunedEntries({ ...sizes, keyValueWidth: 200 }, { method: "prefix", promptTokens: 5, head: "linear" }, 4);
  const params = initialParams(entries, createRandom(8));
  expect(initialParams(entries, createRandom(8))).toEqual(params);
  expect(initialParams(entries, createRandom(9))["prefix/1"]).not.toEqual(params["prefix/1"]);
  expect(params["prefix/1"].data).not.toEqual(params["prefix/0"].data);
  const values = [...params["prefix/2"].data];
  const stdDev = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  expect(Math.abs(stdDev - 0.02)).toBeLessThan(0.0015); // 2,000 draws: a standard error of 0.0003
  expect(new Set(params["head/weight"].data)).toEqual(new Set([0]));
});
