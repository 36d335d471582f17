import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readCheckpoint } from "../node.ts";
import { backboneFromSafetensors } from "./checkpoint.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { tensorNames } from "./tensorNames.ts";

const folder = (family: string) => fileURLToPath(new URL(`../../golden/${family}`, import.meta.url));
const load = async (family: string) => ({
  configJson: await readFile(`${folder(family)}/config.json`, "utf8"),
  bytes: await readFile(`${folder(family)}/model.safetensors`),
});

test.each(["roberta", "bert", "gpt2", "llama", "llama3"])(
  "the table of tensor names covers every tensor of a %s checkpoint",
  async (family) => {
    const { bytes } = await load(family);
    const backbone = await readCheckpoint(folder(family));
    const used = new Set(tensorNames(backbone.config).flatMap(({ sources }) => sources));
    const { params } = readSafetensors(bytes);
    expect(Object.keys(params).filter((name) => !used.has(name))).toEqual([]);
    const inFile = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
    expect(backbone.numParameters).toBe(inFile);
  },
);

test("linear weights are (out, in), also where the checkpoint keeps them transposed and fused", async () => {
  const { configJson, bytes } = await load("gpt2");
  const fused = readSafetensors(bytes).params["transformer.h.1.attn.c_attn.weight"];
  const bias = readSafetensors(bytes).params["transformer.h.1.attn.c_attn.bias"];
  const backbone = backboneFromSafetensors(configJson, bytes);
  const value = backbone.tensor("layers.1.attention.value.weight");
  expect(value.shape).toEqual([32, 32]);
  expect(value.data[5 * 32 + 3]).toBe(fused?.data[3 * 96 + 64 + 5]);
  expect(backbone.tensor("layers.1.attention.key.bias").data[7]).toBe(bias?.data[32 + 7]);
});

test("rows gives the chosen rows of a table in their order", async () => {
  const backbone = await readCheckpoint(folder("roberta"));
  const table = backbone.tensor("embeddings.word").data;
  expect([...backbone.rows("embeddings.word", [7, 95, 7])]).toEqual([
    ...table.slice(7 * 32, 8 * 32),
    ...table.slice(95 * 32, 96 * 32),
    ...table.slice(7 * 32, 8 * 32),
  ]);
  expect(() => backbone.rows("embeddings.word", [96])).toThrow("row 96 of a table with 96 rows");
  expect(() => backbone.tensor("layers.9.nothing")).toThrow("has no tensor layers.9.nothing");
});

test("a missing tensor and a wrong shape are named", async () => {
  const { configJson, bytes } = await load("roberta");
  const { params } = readSafetensors(bytes);
  const { "lm_head.dense.weight": dense, ...rest } = params;
  expect(() => backboneFromSafetensors(configJson, writeSafetensors(rest))).toThrow(
    "the checkpoint has no tensor lm_head.dense.weight, under that or a shorter name (needed as head.dense.weight)",
  );
  const flat = { ...rest, "lm_head.dense.weight": { shape: [16, 64], data: dense?.data ?? new Float32Array(0) } };
  expect(() => backboneFromSafetensors(configJson, writeSafetensors(flat))).toThrow(
    "tensor lm_head.dense.weight has shape [16,64], the configuration needs [32,32]",
  );
});

const spellings: [string, string, (name: string) => string][] = [
  ["roberta", "without its prefix", (name) => name.replace(/^roberta\./, "")],
  ["bert", "without its prefix", (name) => name.replace(/^bert\./, "")],
  [
    "bert",
    "with gamma and beta",
    (name) => name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta"),
  ],
  ["gpt2", "without its prefix", (name) => name.replace(/^transformer\./, "")],
  ["llama", "without its prefix", (name) => name.replace(/^model\./, "")],
  ["llama", "within a wrapper", (name) => `module.${name}`],
];

test.each(spellings)("a %s checkpoint with names %s is the same backbone", async (family, _, rename) => {
  const { configJson, bytes } = await load(family);
  const { params } = readSafetensors(bytes);
  const renamed = Object.fromEntries(Object.entries(params).map(([name, tensor]) => [rename(name), tensor]));
  expect(Object.keys(renamed)).not.toEqual(Object.keys(params));
  const direct = backboneFromSafetensors(configJson, bytes);
  const found = backboneFromSafetensors(configJson, writeSafetensors(renamed));
  for (const name of direct.names) expect(found.tensor(name)).toEqual(direct.tensor(name));
});
