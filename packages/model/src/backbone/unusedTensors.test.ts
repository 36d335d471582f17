import { expect, test } from "vitest";
import { checkpointInMemory, convertInMemory, goldenCheckpoint } from "../testing/goldenBackbone.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const weights = "model.safetensors";

/** The golden checkpoint of a family with more tensors of these names and shapes. */
async function convertWith(family: string, more: Readonly<Record<string, readonly number[]>>) {
  const files = await goldenCheckpoint(family);
  const { params } = readSafetensors(files.get(weights) ?? new Uint8Array(0));
  const added = Object.fromEntries(
    Object.entries(more).map(([name, shape]) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) }]),
  );
  files.set(weights, new Uint8Array(writeSafetensors({ ...params, ...added })));
  return (await convertInMemory(checkpointInMemory(files))).report.warnings;
}

test.each(["roberta", "bert", "gpt2", "llama", "llama3"])("%s as it is has nothing that is not used", async (family) => {
  expect(await convertWith(family, {})).toEqual([]);
});

test("buffers are passed over in silence, heads of other tasks are named", async () => {
  expect(await convertWith("gpt2", { "transformer.h.0.attn.bias": [1, 1, 40, 40], "transformer.h.1.attn.masked_bias": [1] })).toEqual([]);
  expect(await convertWith("llama", { "model.layers.0.self_attn.rotary_emb.inv_freq": [4] })).toEqual([]);
  const heads = { "bert.pooler.dense.weight": [32, 32], "bert.pooler.dense.bias": [32], "cls.seq_relationship.weight": [2, 32] };
  expect(await convertWith("bert", { ...heads, "bert.embeddings.position_ids": [1, 40] })).toEqual([
    "left out, as only other tasks use them: bert.pooler.dense.bias, bert.pooler.dense.weight, cls.seq_relationship.weight",
  ]);
});

test("other tensors are named, the first ten and how many more", async () => {
  expect(await convertWith("roberta", { "roberta.encoder.layer.0.attention.self.distance_embedding.weight": [9, 8] })).toEqual([
    "not used by a roberta of this configuration: roberta.encoder.layer.0.attention.self.distance_embedding.weight",
  ]);
  const many = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`extra.${String(i).padStart(2, "0")}`, [1]]));
  const [warning] = await convertWith("gpt2", many);
  expect(warning).toContain("extra.00, extra.01");
  expect(warning).toMatch(/extra\.09 and 3 more$/);
});

test.each([
  ["llama", "model.layers.1.self_attn.q_proj.bias", "model.layers.1.self_attn.q_proj.weight"],
  ["llama", "model.layers.0.mlp.down_proj.bias", "model.layers.0.mlp.down_proj.weight"],
  ["llama", "model.norm.bias", "model.norm.weight"],
  ["llama3", "lm_head.bias", "lm_head.weight"],
  ["gpt2", "lm_head.bias", "lm_head.weight"],
])("%s: the bias %s of a used matrix is refused", async (family, bias, matrix) => {
  const adding = convertWith(family, { [bias]: [32] });
  await expect(adding).rejects.toThrow(
    `the checkpoint holds ${bias}, but a ${family.replace("3", "")} of this configuration adds no bias to ${matrix}`,
  );
});
