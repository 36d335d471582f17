import { type BackboneConfig, type Family, maxLayers } from "./config.ts";
import { checkFields, configFields } from "./configFields.ts";
import { type ConfigValues, configValues, isTable } from "./configValues.ts";
import { readRotary } from "./rotaryConfig.ts";

/** A configuration, and what is to be said of the file that it was read from. */
export interface ReadConfig {
  readonly config: BackboneConfig;
  readonly warnings: readonly string[];
}

interface ReadFamily {
  readonly config: BackboneConfig;
  /** Names of nested fields that are not known. */
  readonly unlisted?: readonly string[];
}

const readers: Readonly<Record<Family, (values: ConfigValues) => ReadFamily>> = {
  roberta: (values) => readEncoder("roberta", values),
  bert: (values) => readEncoder("bert", values),
  gpt2: readGpt2,
  llama: readLlama,
};

/** Reads the text of a Hugging Face config.json; throws a sentence about what cannot be represented. */
export function readHubConfig(text: string): BackboneConfig {
  return readHubConfigFile(text).config;
}

/** As `readHubConfig`, with the names of the fields that no one knows; defaults are those of transformers' configuration classes. */
export function readHubConfigFile(text: string): ReadConfig {
  const fields = parseJson(text);
  const family = configValues(fields).text("model_type", "(none)");
  if (!isFamily(family)) {
    throw new Error(`config.json: model_type "${family}" is not supported; the families are ${Object.keys(readers).join(", ")}`);
  }
  const unlisted = checkFields(fields, configFields[family]);
  const { config, unlisted: nested = [] } = readers[family](configValues(fields));
  const unknown = [...unlisted, ...nested];
  if (unknown.length === 0) return { config, warnings: [] };
  return { config, warnings: [`config.json: unknown ${family} fields, ignored: ${unknown.join(", ")}`] };
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw new Error("config.json is not JSON", { cause });
  }
  if (!isTable(found)) throw new Error("config.json is not a table of fields");
  return found;
}

function isFamily(name: string): name is Family {
  return Object.hasOwn(readers, name);
}

function readEncoder(family: "roberta" | "bert", values: ConfigValues): ReadFamily {
  const hiddenSize = values.size("hidden_size", 768);
  const numHeads = values.size("num_attention_heads", 12);
  const vocabSize = values.size("vocab_size", family === "bert" ? 30_522 : 50_265);
  const padTokenId = values.idOrNull("pad_token_id", family === "bert" ? 0 : 1);
  if (family === "roberta" && padTokenId === null) {
    throw new Error(
      "config.json: pad_token_id null is not supported in roberta, whose positions begin behind it: write the token's id (usually 1)",
    );
  }
  requireRow(padTokenId, vocabSize);
  const positionOffset = family === "roberta" ? Math.max(0, (padTokenId ?? 0) + 1) : 0;
  const config = checked({
    family,
    vocabSize,
    hiddenSize,
    numLayers: values.size("num_hidden_layers", 12),
    numHeads,
    numKeyValueHeads: numHeads,
    headSize: hiddenSize / numHeads,
    intermediateSize: values.size("intermediate_size", 3072),
    maxPositions: values.size("max_position_embeddings", 512) - positionOffset,
    positionOffset,
    numTypes: values.size("type_vocab_size", 2),
    layerNormEpsilon: values.positive("layer_norm_eps", 1e-12),
    padTokenId: padOf(padTokenId, vocabSize),
    activation: activationOf(values.text("hidden_act", "gelu")),
    isCausal: false,
    hasTiedEmbeddings: values.flag("tie_word_embeddings", true),
    rotary: null,
  });
  return { config };
}

function readGpt2(values: ConfigValues): ReadFamily {
  const size = (general: string, own: string, fallback: number) => values.size(values.has(general) ? general : own, fallback);
  const hiddenSize = size("hidden_size", "n_embd", 768);
  const numHeads = size("num_attention_heads", "n_head", 12);
  const vocabSize = values.size("vocab_size", 50_257);
  const config = checked({
    family: "gpt2",
    vocabSize,
    hiddenSize,
    numLayers: size("num_hidden_layers", "n_layer", 12),
    numHeads,
    numKeyValueHeads: numHeads,
    headSize: hiddenSize / numHeads,
    intermediateSize: values.sizeOrNull("n_inner") ?? 4 * hiddenSize,
    maxPositions: size("max_position_embeddings", "n_positions", 1024),
    positionOffset: 0,
    numTypes: 0,
    layerNormEpsilon: values.positive("layer_norm_epsilon", 1e-5),
    padTokenId: padOf(values.idOrNull("pad_token_id", null), vocabSize),
    activation: activationOf(values.text("activation_function", "gelu_new")),
    isCausal: true,
    hasTiedEmbeddings: values.flag("tie_word_embeddings", true),
    rotary: null,
  });
  return { config };
}

function readLlama(values: ConfigValues): ReadFamily {
  const hiddenSize = values.size("hidden_size", 4096);
  const numHeads = values.size("num_attention_heads", 32);
  const vocabSize = values.size("vocab_size", 32_000);
  const padTokenId = values.idOrNull("pad_token_id", null);
  requireRow(padTokenId, vocabSize);
  if (hiddenSize % numHeads !== 0) throw new Error(`config.json: width ${hiddenSize} is not divisible by its ${numHeads} heads`);
  const headSize = values.sizeOrNull("head_dim") ?? hiddenSize / numHeads;
  if (headSize % 2 !== 0) throw new Error(`config.json: the heads have width ${headSize}, rotary positions need an even one`);
  const { rotary, unlisted } = readRotary(values);
  const config = checked({
    family: "llama",
    vocabSize,
    hiddenSize,
    numLayers: values.size("num_hidden_layers", 32),
    numHeads,
    numKeyValueHeads: values.sizeOrNull("num_key_value_heads") ?? numHeads,
    headSize,
    intermediateSize: values.size("intermediate_size", 11_008),
    maxPositions: values.size("max_position_embeddings", 2048),
    positionOffset: 0,
    numTypes: 0,
    layerNormEpsilon: values.positive("rms_norm_eps", 1e-6),
    padTokenId: padOf(padTokenId, vocabSize),
    activation: activationOf(values.text("hidden_act", "silu")),
    isCausal: true,
    hasTiedEmbeddings: values.flag("tie_word_embeddings", false),
    rotary,
  });
  return { config, unlisted };
}

/** transformers' names of the three functions; several are the same function computed in other ways. */
const activations: Readonly<Record<string, BackboneConfig["activation"]>> = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "geluTanh",
  gelu_fast: "geluTanh",
  gelu_accurate: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  gelu_python_tanh: "geluTanh",
  silu: "silu",
  swish: "silu",
};

function activationOf(name: string): BackboneConfig["activation"] {
  const found = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (found !== undefined) return found;
  throw new Error(`config.json: activation "${name}" is not supported; ${Object.keys(activations).join(", ")} are`);
}

/** The reference cannot make a table whose padding row lies outside it. */
function requireRow(padTokenId: number | null, vocabSize: number): void {
  if (padTokenId === null || (padTokenId < vocabSize && padTokenId >= -vocabSize)) return;
  throw new Error(`config.json: pad_token_id ${padTokenId} has no row among the ${vocabSize} of the vocabulary`);
}

/** Padding sits behind the mask, so where its id is none, −1 or past the table, any row will do. */
function padOf(id: number | null, vocabSize: number): number {
  return id === null || id < 0 || id >= vocabSize ? 0 : id;
}

function checked(config: BackboneConfig): BackboneConfig {
  const { headSize, numHeads, numKeyValueHeads, maxPositions } = config;
  if (!Number.isInteger(headSize)) throw new Error(`config.json: width ${config.hiddenSize} is not divisible by its ${numHeads} heads`);
  if (numHeads % numKeyValueHeads !== 0)
    throw new Error(`config.json: ${numHeads} heads are not divisible by ${numKeyValueHeads} key/value heads`);
  if (config.numLayers > maxLayers) throw new Error(`config.json: ${config.numLayers} layers, at most ${maxLayers} are read`);
  if (maxPositions < 1) throw new Error(`config.json: no position is left for text after the offset of ${config.positionOffset}`);
  return config;
}
