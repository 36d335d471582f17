import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import type { TunedMethod } from "./table.ts";
import { initialParams, tunedEntries, tunedShape, vocabularyRows } from "./tuned.ts";

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

const common = { head: "labelWords" } as const;
const wide = {
  numLayers: 2,
  hiddenSize: 12,
  keyValueWidth: 6,
  queryWidth: 18,
  weights: [
    { name: "embeddings.word", shape: [50, 12] },
    { name: "layers.0.attention.query.weight", shape: [18, 12] },
    { name: "layers.1.feedForward.up.bias", shape: [20] },
    { name: "norm.weight", shape: [12] },
    { name: "head.dense.weight", shape: [12, 12] },
  ],
};
const described = (tuning: TunedMethod) => tunedEntries(wide, tuning, 4).map(({ name, shape }) => `${name} ${shape}`);

test("each method's parameters have their names and shapes, matrices as (out, in)", () => {
  expect(described({ method: "inputPrompt", promptTokens: 5, initial: "normal", ...common })).toEqual(["prompt 5,12"]);
  const adapter = ["down 3,12", "downBias 3", "up 12,3", "upBias 12"];
  expect(described({ method: "adapter", bottleneck: 3, ...common })).toEqual(
    [0, 1].flatMap((layer) =>
      ["attention", "feedForward"].flatMap((place) => adapter.map((entry) => `adapter/${layer}/${place}/${entry}`)),
    ),
  );
  expect(described({ method: "lora", rank: 4, alpha: 8, ...common }).slice(0, 4)).toEqual([
    "lora/0/query/a 4,12",
    "lora/0/query/b 18,4",
    "lora/0/value/a 4,12",
    "lora/0/value/b 6,4",
  ]);
  const generator = ["down 3,12", "downBias 3", "up 60,3", "upBias 60"];
  expect(described({ method: "idpg", promptTokens: 5, bottleneck: 3, ...common })).toEqual(generator.map((entry) => `idpg/${entry}`));
  expect(described({ method: "latePrompt", promptTokens: 5, bottleneck: 3, ...common })).toEqual(generator.map((entry) => `late/${entry}`));
  expect(described({ method: "attempt", promptTokens: 5, bottleneck: 3, sources: ["a"], ...common })).toEqual(
    ["prompt 5,12", "down 3,12", "up 12,3", "normWeight 12", "normBias 12"].map((entry) => `attempt/${entry}`),
  );
  expect(described({ method: "full", ...common })).toEqual([
    "full/layers.0.attention.query.weight 18,12",
    "full/layers.1.feedForward.up.bias 20",
    "full/norm.weight 12",
  ]);
  expect(() => tunedEntries(sizes, { method: "full", ...common }, 4)).toThrow("the backbone's tensors are needed");
});

test("what belongs to a layer travels by layer, everything else always", () => {
  const shape = tunedShape(tunedEntries(wide, { method: "lora", rank: 4, alpha: 8, head: "linear" }, 4));
  expect(shape).toMatchObject({ numLayers: 2, alwaysShared: ["head/weight", "head/bias"] });
  expect(shape.layerNames[1]).toEqual(["lora/1/query/a", "lora/1/query/b", "lora/1/value/a", "lora/1/value/b"]);
  expect(tunedShape(tunedEntries(wide, { method: "full", ...common }, 4))).toEqual({
    numLayers: 2,
    layerNames: [["full/layers.0.attention.query.weight"], ["full/layers.1.feedForward.up.bias"]],
    alwaysShared: ["full/norm.weight"],
  });
  expect(tunedShape(tunedEntries(wide, { method: "inputPrompt", promptTokens: 5, initial: "normal", ...common }, 4))).toEqual({
    numLayers: 0,
    layerNames: [],
    alwaysShared: ["prompt"],
  });
});

test("adapters, low-rank differences, whole weights and vocabulary prompts change nothing at the start", () => {
  const start = (tuning: TunedMethod) => initialParams(tunedEntries(wide, tuning, 4), createRandom(3));
  const isZero = ({ data }: { readonly data: Float32Array }) => data.every((value) => value === 0);
  const adapter = start({ method: "adapter", bottleneck: 3, ...common });
  expect([isZero(adapter["adapter/1/attention/up"]), isZero(adapter["adapter/1/attention/down"])]).toEqual([true, false]);
  const lora = start({ method: "lora", rank: 4, alpha: 8, ...common });
  expect([isZero(lora["lora/0/value/b"]), isZero(lora["lora/0/value/a"])]).toEqual([true, false]);
  expect(Object.values(start({ method: "full", ...common })).every(isZero)).toBe(true);
  const prompt = (initial: "normal" | "vocabulary") => start({ method: "inputPrompt", promptTokens: 5, initial, ...common }).prompt;
  expect([isZero(prompt("vocabulary")), isZero(prompt("normal"))]).toEqual([true, false]);
  const attempt = start({ method: "attempt", promptTokens: 5, bottleneck: 3, sources: ["a"], ...common });
  expect(new Set(attempt["attempt/normWeight"].data)).toEqual(new Set([1]));
});

test("vocabulary rows differ from each other, follow from the seed and come from the first words", () => {
  const rows = vocabularyRows(createRandom(4), 20, 50);
  expect(new Set(rows).size).toBe(20);
  expect(rows.every((row) => row >= 0 && row < 50)).toBe(true);
  expect(vocabularyRows(createRandom(4), 20, 50)).toEqual(rows);
  expect(vocabularyRows(createRandom(5), 20, 50)).not.toEqual(rows);
});
