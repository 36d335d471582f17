import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Family } from "./config.ts";
import { configFields } from "./configFields.ts";
import { readHubConfig, readHubConfigFile } from "./hubConfig.ts";

const reference: Record<Family, Record<string, unknown>> = JSON.parse(
  readFileSync(new URL("../../golden/configurations/fields.json", import.meta.url), "utf8"),
);
const families = Object.keys(reference) as Family[];
const read = (family: Family, fields: Record<string, unknown> = {}) => readHubConfig(JSON.stringify({ model_type: family, ...fields }));

test.each(families)("every field of %s's configuration class is in the table, and its default is accepted", (family) => {
  for (const name of Object.keys(reference[family])) expect(configFields[family], name).toHaveProperty([name]);
  const { config, warnings } = readHubConfigFile(JSON.stringify(reference[family]));
  expect(warnings).toEqual([]);
  expect(config).toEqual(read(family)); // what is left out is what the class has by default
});

test("a field that is in no table is named in a warning, also within rope_parameters", () => {
  const fields = { model_type: "llama", sliding_window: 8, logits_scaling: 2, rope_parameters: { rope_theta: 500, mrope_section: [1] } };
  const { config, warnings } = readHubConfigFile(JSON.stringify(fields));
  expect(warnings).toEqual(["config.json: unknown llama fields, ignored: sliding_window, logits_scaling, rope_parameters.mrope_section"]);
  expect(config.rotary).toEqual({ theta: 500, scaling: null });
});

test("defaults are those of the configuration classes", () => {
  expect(read("roberta")).toMatchObject({ padTokenId: 1, positionOffset: 2, maxPositions: 510, layerNormEpsilon: 1e-12, numTypes: 2 });
  expect(read("bert")).toMatchObject({ padTokenId: 0, positionOffset: 0, maxPositions: 512, vocabSize: 30_522, hasTiedEmbeddings: true });
  expect(read("gpt2")).toMatchObject({ hiddenSize: 768, numLayers: 12, intermediateSize: 3072, activation: "geluTanh", vocabSize: 50_257 });
  expect(read("llama")).toMatchObject({ numKeyValueHeads: 32, headSize: 128, layerNormEpsilon: 1e-6, hasTiedEmbeddings: false });
});

test("a padding id of null or -1 is any row, but in RoBERTa it says where the positions begin", () => {
  for (const family of ["bert", "gpt2", "llama"] as const) {
    for (const pad of [null, -1]) expect(read(family, { pad_token_id: pad }).padTokenId).toBe(0);
  }
  expect(read("roberta", { pad_token_id: -1 })).toMatchObject({ positionOffset: 0, maxPositions: 512, padTokenId: 0 });
  expect(read("roberta", { pad_token_id: 5 })).toMatchObject({ positionOffset: 6, padTokenId: 5 });
  expect(() => read("roberta", { pad_token_id: null })).toThrow("pad_token_id null is not supported in roberta");
  expect(() => read("bert", { pad_token_id: 30_522 })).toThrow("pad_token_id 30522 has no row among the 30522 of the vocabulary");
  expect(read("gpt2", { pad_token_id: 50_257 }).padTokenId).toBe(0);
});

test("GPT-2's general names count before its own", () => {
  const general = { hidden_size: 24, num_attention_heads: 3, num_hidden_layers: 2, max_position_embeddings: 9 };
  const found = { hiddenSize: 24, numHeads: 3, numLayers: 2, maxPositions: 9, intermediateSize: 96 };
  expect(read("gpt2", general)).toMatchObject(found);
  expect(read("gpt2", { ...general, n_embd: 40, n_head: 4, n_layer: 3, n_positions: 11 })).toMatchObject(found);
  expect(read("gpt2", { n_embd: 40, n_head: 4, n_inner: null })).toMatchObject({ hiddenSize: 40, headSize: 10, intermediateSize: 160 });
});

test.each([
  ["gelu_python", "gelu"],
  ["gelu_fast", "geluTanh"],
  ["gelu_accurate", "geluTanh"],
  ["gelu_python_tanh", "geluTanh"],
  ["swish", "silu"],
])("the activation %s is %s", (name, activation) => {
  expect(read("bert", { hidden_act: name }).activation).toBe(activation);
});

test("LLaMA's rope_scaling wins over rope_parameters, and a field inside them over the same field beside them", () => {
  const rotary = (fields: Record<string, unknown>) => read("llama", fields).rotary;
  const llama3 = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
  const parameters = { rope_type: "default", rope_theta: 777 };
  expect(rotary({ rope_theta: 100, rope_parameters: parameters, rope_scaling: { type: "default", rope_theta: 55 } })?.theta).toBe(55);
  expect(rotary({ rope_theta: 100, rope_parameters: parameters, rope_scaling: null })?.theta).toBe(777);
  expect(rotary({ rope_theta: 100, rope_parameters: parameters, rope_scaling: {} })?.theta).toBe(777);
  expect(rotary({ rope_theta: 100, rope_scaling: llama3 })).toMatchObject({ theta: 100, scaling: { originalMaxPositions: 2048 } });
  const outer = { original_max_position_embeddings: 16, rope_scaling: { ...llama3, original_max_position_embeddings: 32 } };
  expect(rotary(outer)?.scaling?.originalMaxPositions).toBe(16);
});

const refusals: [Family, Record<string, unknown>, string][] = [
  ["bert", { is_decoder: true }, "is_decoder true is not supported, only false or null"],
  ["bert", { is_causal: true }, "is_causal true is not supported, only false or null"],
  ["roberta", { is_causal: true }, "is_causal true is not supported"],
  ["gpt2", { is_causal: false }, "is_causal false is not supported, only true or null"],
  ["llama", { is_causal: false }, "is_causal false is not supported"],
  ["roberta", { add_cross_attention: true }, "add_cross_attention true is not supported"],
  ["bert", { quantization_config: { bits: 4 } }, 'quantization_config {"bits":4} is not supported, only null'],
  ["bert", { pruned_heads: { 1: [0] } }, "pruned_heads"],
  ["roberta", { position_embedding_type: "relative_key_query" }, 'position_embedding_type "relative_key_query" is not supported'],
  ["gpt2", { scale_attn_weights: false }, "scale_attn_weights false is not supported, only true"],
  ["gpt2", { is_encoder_decoder: true }, "is_encoder_decoder true is not supported"],
  ["llama", { mlp_bias: true }, "mlp_bias true is not supported, only false"],
  ["llama", { partial_rotary_factor: 0.5 }, "partial_rotary_factor 0.5 is not supported"],
  ["llama", { rope_parameters: { partial_rotary_factor: 0.5 } }, "rope_parameters: partial_rotary_factor 0.5 is not supported"],
  ["llama", { rope_parameters: { full_attention: { rope_theta: 1 } } }, "rope_parameters for full_attention alone is not supported"],
  ["llama", { rope_scaling: { type: "linear", factor: 2 } }, 'rope scaling "linear" is not supported'],
  ["llama", { rope_scaling: { rope_type: "llama3", factor: 2, low_freq_factor: 1 } }, "high_freq_factor is missing"],
  ["llama", { rope_theta: null }, "rope_theta is null, expected a number above 0"],
  ["llama", { hidden_size: 36, num_attention_heads: 4 }, "the heads have width 9, rotary positions need an even one"],
  ["gpt2", { activation_function: "quick_gelu" }, 'activation "quick_gelu" is not supported'],
  ["bert", { hidden_size: null }, "hidden_size is null, expected a whole number above 0"],
  ["bert", { tie_word_embeddings: "yes" }, 'tie_word_embeddings is "yes", expected true or false'],
  ["bert", { layer_norm_eps: 0 }, "layer_norm_eps is 0, expected a number above 0"],
];

test.each(refusals)("%s with %o is refused by the field's name", (family, fields, message) => {
  expect(() => read(family, fields)).toThrow(message);
});

test("a configuration that is not a table is told as that", () => {
  expect(() => readHubConfig("[]")).toThrow("config.json is not a table of fields");
});

test("is_causal, which no configuration class lists, is accepted without a word where it says what the family does", () => {
  for (const [family, fits] of [
    ["bert", false],
    ["roberta", null],
    ["gpt2", true],
    ["llama", null],
  ] as const)
    expect(readHubConfigFile(JSON.stringify({ model_type: family, is_causal: fits })).warnings).toEqual([]);
});
