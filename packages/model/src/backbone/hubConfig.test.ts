import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { keyValueWidth } from "./config.ts";
import { readHubConfig } from "./hubConfig.ts";

const golden = (family: string) => readFile(new URL(`../../golden/${family}/config.json`, import.meta.url), "utf8");
const changed = async (family: string, change: Record<string, unknown>) =>
  JSON.stringify({ ...JSON.parse(await golden(family)), ...change });

test("roberta's positions begin after the padding row", async () => {
  const config = readHubConfig(await golden("roberta"));
  expect(config).toMatchObject({
    family: "roberta",
    positionOffset: 2,
    maxPositions: 40,
    padTokenId: 1,
    activation: "gelu",
    isCausal: false,
  });
  expect(keyValueWidth(config)).toBe(32);
});

test("llama's grouped heads, theta and scaling are read, in the old form and in the new", async () => {
  const config = readHubConfig(await golden("llama3"));
  expect(config).toMatchObject({ headSize: 8, numKeyValueHeads: 2, hasTiedEmbeddings: true, activation: "silu", isCausal: true });
  expect(config.rotary).toEqual({
    theta: 10000,
    scaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 16 },
  });
  expect(keyValueWidth(config)).toBe(16);
  const newer = await changed("llama", { rope_theta: undefined, rope_parameters: { rope_type: "default", rope_theta: 5e5 } });
  expect(readHubConfig(newer).rotary).toEqual({ theta: 5e5, scaling: null });
});

test("gpt2 without an inner size has four times its width", async () => {
  expect(readHubConfig(await changed("gpt2", { n_inner: null }))).toMatchObject({
    intermediateSize: 128,
    activation: "geluTanh",
    maxPositions: 40,
  });
});

test.each([
  ["roberta", { model_type: "t5" }, 'model_type "t5" is not supported; the families are roberta, bert, gpt2, llama'],
  ["roberta", { model_type: "constructor" }, 'model_type "constructor" is not supported'],
  ["roberta", { hidden_act: "relu" }, 'activation "relu" is not supported'],
  ["roberta", { num_attention_heads: 5 }, "width 32 is not divisible by its 5 heads"],
  ["roberta", { vocab_size: "many" }, "vocab_size"],
  ["bert", { position_embedding_type: "relative_key" }, 'position_embedding_type "relative_key" is not supported'],
  ["gpt2", { scale_attn_by_inverse_layer_idx: true }, "scale_attn_by_inverse_layer_idx true is not supported, only false"],
  ["llama", { num_key_value_heads: 3 }, "4 heads are not divisible by 3 key/value heads"],
  ["llama", { attention_bias: true }, "attention_bias true is not supported, only false"],
  ["llama", { rope_scaling: { type: "yarn", factor: 2 } }, 'rope scaling "yarn" is not supported'],
])("%s with %o is refused with a sentence", async (family, change, message) => {
  expect(() => readHubConfig(JSON.stringify({}))).toThrow('model_type "(none)"');
  const text = await changed(family, change);
  expect(() => readHubConfig(text)).toThrow(message);
});
