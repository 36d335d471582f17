import { z } from "zod";
import type { BackboneConfig, Family, RotaryScaling } from "./config.ts";

const size = z.number().int().positive();

const encoderSchema = z.looseObject({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: z.string().default("gelu"),
  max_position_embeddings: size,
  type_vocab_size: size,
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.number().int().min(0).default(0),
  tie_word_embeddings: z.boolean().default(true),
  position_embedding_type: z.string().default("absolute"),
});

const gpt2Schema = z.looseObject({
  vocab_size: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_positions: size,
  n_inner: size.nullable().default(null),
  activation_function: z.string().default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  pad_token_id: z.number().int().nullable().default(null),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
});

const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: size.optional(),
});

const llamaSchema = z.looseObject({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullable().default(null),
  head_dim: size.nullable().default(null),
  intermediate_size: size,
  hidden_act: z.string().default("silu"),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: size,
  rope_theta: z.number().positive().default(10000),
  rope_scaling: ropeSchema.nullable().default(null),
  rope_parameters: ropeSchema.nullable().default(null),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  pad_token_id: z.number().int().nullable().default(null),
});

const readers: Readonly<Record<Family, (json: unknown) => BackboneConfig>> = {
  roberta: (json) => readEncoder("roberta", json),
  bert: (json) => readEncoder("bert", json),
  gpt2: readGpt2,
  llama: readLlama,
};

/** Reads the text of a Hugging Face config.json; throws a sentence about what cannot be represented. */
export function readHubConfig(text: string): BackboneConfig {
  const json = parseJson(text);
  const { model_type: family } = z.looseObject({ model_type: z.string().default("(none)") }).parse(json);
  if (!isFamily(family)) {
    throw new Error(`config.json: model_type "${family}" is not supported; the families are ${Object.keys(readers).join(", ")}`);
  }
  return readers[family](json);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("config.json is not JSON", { cause });
  }
}

function isFamily(name: string): name is Family {
  return Object.hasOwn(readers, name);
}

function parse<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json);
  if (!result.success) throw new Error(`config.json: ${z.prettifyError(result.error)}`, { cause: result.error });
  return result.data;
}

function readEncoder(family: "roberta" | "bert", json: unknown): BackboneConfig {
  const found = parse(encoderSchema, json);
  if (found.position_embedding_type !== "absolute") {
    throw new Error(`config.json: position_embedding_type "${found.position_embedding_type}" is not supported, only "absolute"`);
  }
  const positionOffset = family === "roberta" ? found.pad_token_id + 1 : 0;
  return checked({
    family,
    vocabSize: found.vocab_size,
    hiddenSize: found.hidden_size,
    numLayers: found.num_hidden_layers,
    numHeads: found.num_attention_heads,
    numKeyValueHeads: found.num_attention_heads,
    headSize: found.hidden_size / found.num_attention_heads,
    intermediateSize: found.intermediate_size,
    maxPositions: found.max_position_embeddings - positionOffset,
    positionOffset,
    numTypes: found.type_vocab_size,
    layerNormEpsilon: found.layer_norm_eps,
    padTokenId: found.pad_token_id,
    activation: activationOf(found.hidden_act),
    isCausal: false,
    hasTiedEmbeddings: found.tie_word_embeddings,
    rotary: null,
  });
}

function readGpt2(json: unknown): BackboneConfig {
  const found = parse(gpt2Schema, json);
  if (found.scale_attn_by_inverse_layer_idx) throw new Error("config.json: scale_attn_by_inverse_layer_idx is not supported");
  return checked({
    family: "gpt2",
    vocabSize: found.vocab_size,
    hiddenSize: found.n_embd,
    numLayers: found.n_layer,
    numHeads: found.n_head,
    numKeyValueHeads: found.n_head,
    headSize: found.n_embd / found.n_head,
    intermediateSize: found.n_inner ?? 4 * found.n_embd,
    maxPositions: found.n_positions,
    positionOffset: 0,
    numTypes: 0,
    layerNormEpsilon: found.layer_norm_epsilon,
    padTokenId: padOf(found.pad_token_id),
    activation: activationOf(found.activation_function),
    isCausal: true,
    hasTiedEmbeddings: found.tie_word_embeddings,
    rotary: null,
  });
}

function readLlama(json: unknown): BackboneConfig {
  const found = parse(llamaSchema, json);
  if (found.attention_bias || found.mlp_bias) throw new Error("config.json: llama with attention_bias or mlp_bias is not supported");
  const rope = found.rope_parameters ?? found.rope_scaling;
  return checked({
    family: "llama",
    vocabSize: found.vocab_size,
    hiddenSize: found.hidden_size,
    numLayers: found.num_hidden_layers,
    numHeads: found.num_attention_heads,
    numKeyValueHeads: found.num_key_value_heads ?? found.num_attention_heads,
    headSize: found.head_dim ?? found.hidden_size / found.num_attention_heads,
    intermediateSize: found.intermediate_size,
    maxPositions: found.max_position_embeddings,
    positionOffset: 0,
    numTypes: 0,
    layerNormEpsilon: found.rms_norm_eps,
    padTokenId: padOf(found.pad_token_id),
    activation: activationOf(found.hidden_act),
    isCausal: true,
    hasTiedEmbeddings: found.tie_word_embeddings,
    rotary: { theta: rope?.rope_theta ?? found.rope_theta, scaling: rope === null ? null : scalingOf(rope) },
  });
}

function scalingOf(rope: z.infer<typeof ropeSchema>): RotaryScaling | null {
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return null;
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = rope;
  if (type !== "llama3") throw new Error(`config.json: rope scaling "${type}" is not supported, only "llama3"`);
  if (factor === undefined || low === undefined || high === undefined || original === undefined) {
    throw new Error("config.json: rope scaling needs factor, low_freq_factor, high_freq_factor and original_max_position_embeddings");
  }
  return { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalMaxPositions: original };
}

function activationOf(name: string): BackboneConfig["activation"] {
  if (name === "gelu") return "gelu";
  if (name === "gelu_new" || name === "gelu_pytorch_tanh" || name === "gelu_fast") return "geluTanh";
  if (name === "silu" || name === "swish") return "silu";
  throw new Error(`config.json: activation "${name}" is not supported; gelu, gelu_new, gelu_pytorch_tanh and silu are`);
}

/** A pad id of −1 or none: padding sits behind the mask, so any row will do. */
function padOf(id: number | null): number {
  return id === null || id < 0 ? 0 : id;
}

function checked(config: BackboneConfig): BackboneConfig {
  const { headSize, numHeads, numKeyValueHeads, maxPositions } = config;
  if (!Number.isInteger(headSize)) throw new Error(`config.json: width ${config.hiddenSize} does not divide by ${numHeads} heads`);
  if (numHeads % numKeyValueHeads !== 0)
    throw new Error(`config.json: ${numHeads} heads do not divide by ${numKeyValueHeads} key/value heads`);
  if (maxPositions < 1) throw new Error(`config.json: no position is left for text after the offset of ${config.positionOffset}`);
  return config;
}
