import type { BackboneConfig, Family, RotaryScaling } from "./config.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The classes of transformers that load a whole model of a family. */
const architectures: Readonly<Record<Family, string>> = {
  roberta: "RobertaForMaskedLM",
  bert: "BertForMaskedLM",
  gpt2: "GPT2LMHeadModel",
  llama: "LlamaForCausalLM",
};

const activationNames: Readonly<Record<BackboneConfig["activation"], string>> = { gelu: "gelu", geluTanh: "gelu_new", silu: "silu" };

/** The text of a Hugging Face config.json from which `readHubConfig` reads this configuration again. */
export function hubConfigText(config: BackboneConfig): string {
  const { family, vocabSize, hasTiedEmbeddings } = config;
  const fields = {
    architectures: [architectures[family]],
    model_type: family,
    vocab_size: vocabSize,
    tie_word_embeddings: hasTiedEmbeddings,
    dtype: "float32",
    torch_dtype: "float32", // its name before transformers 5
    ...familyFields[family](config),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

const familyFields: Readonly<Record<Family, (config: BackboneConfig) => Fields>> = {
  roberta: encoderFields,
  bert: encoderFields,
  gpt2: (config) => ({
    n_embd: config.hiddenSize,
    n_layer: config.numLayers,
    n_head: config.numHeads,
    n_inner: config.intermediateSize,
    n_positions: config.maxPositions,
    layer_norm_epsilon: config.layerNormEpsilon,
    activation_function: activationNames[config.activation],
    bos_token_id: null, // transformers' own are those of a larger vocabulary
    eos_token_id: null,
  }),
  llama: (config) => ({
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    num_key_value_heads: config.numKeyValueHeads,
    head_dim: config.headSize,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.layerNormEpsilon,
    hidden_act: activationNames[config.activation],
    rope_theta: config.rotary?.theta,
    ...(config.rotary?.scaling == null ? {} : { rope_scaling: scalingFields(config.rotary.scaling) }),
    bos_token_id: null,
    eos_token_id: null,
  }),
};

function encoderFields(config: BackboneConfig): Fields {
  return {
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions + config.positionOffset,
    type_vocab_size: config.numTypes,
    layer_norm_eps: config.layerNormEpsilon,
    pad_token_id: config.padTokenId,
    hidden_act: activationNames[config.activation],
  };
}

function scalingFields(scaling: RotaryScaling): Fields {
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}
