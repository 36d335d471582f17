import { type BackboneConfig, type Family, keyValueWidth } from "./config.ts";

/** One tensor of a backbone and where a Hugging Face checkpoint keeps it. */
export interface TensorName {
  /** Such as `layers.3.attention.query.weight`. */
  readonly name: string;
  /** Shape here: linear weights are (out, in). */
  readonly shape: readonly number[];
  /** Names in the checkpoint; the first that is there counts. */
  readonly sources: readonly string[];
  /** Shape in the checkpoint. */
  readonly sourceShape: readonly number[];
  /** Whether the checkpoint holds (in, out), as GPT-2's Conv1D does. */
  readonly isTransposed: boolean;
  /** First output row (of `shape`) within the checkpoint's tensor, when several tensors lie fused in it. */
  readonly firstOutput: number;
}

type Build = (config: BackboneConfig) => TensorName[];

const families: Readonly<Record<Family, Build>> = {
  roberta: (config) => encoderNames("roberta", config),
  bert: (config) => encoderNames("bert", config),
  gpt2: gpt2Names,
  llama: llamaNames,
};

/** Every tensor that a backbone of this configuration has, in the order in which they are stored. */
export function tensorNames(config: BackboneConfig): TensorName[] {
  return families[config.family](config).map((wanted) => ({ ...wanted, sources: spellings(wanted.sources, bodyPrefixes[config.family]) }));
}

/** The names under which transformers saves a tensor: an encoder's tied head has its bias once, an untied one at its decoder too. */
export function writtenNames({ name, sources }: TensorName, { family, hasTiedEmbeddings }: BackboneConfig): string[] {
  if (name !== "head.bias" || (family !== "bert" && family !== "roberta")) return [sources[0]];
  const { bias, decoder } = encoderHeadNames[family];
  return hasTiedEmbeddings ? [bias] : [bias, `${decoder}.bias`];
}

/** What a whole model's names begin with, where those of its bare body do not. */
export const bodyPrefixes: Readonly<Record<Family, string>> = { roberta: "roberta.", bert: "bert.", gpt2: "transformer.", llama: "model." };

/** Each name as listed, without the family's prefix, and within a wrapper that calls the model `module` or `model`. */
function spellings(sources: readonly string[], prefix: string): string[] {
  const bare = sources.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const wrapped = ["module.", "model."].flatMap((wrapper) => sources.map((name) => wrapper + name));
  return [...new Set([...sources, ...bare, ...wrapped])];
}

function plain(name: string, shape: readonly number[], ...sources: string[]): TensorName {
  return { name, shape, sources, sourceShape: shape, isTransposed: false, firstOutput: 0 };
}

function linear(name: string, outputs: number, inputs: number, source: string): TensorName[] {
  return [plain(`${name}.weight`, [outputs, inputs], `${source}.weight`), plain(`${name}.bias`, [outputs], `${source}.bias`)];
}

/** Older checkpoints call a norm's weight gamma and its bias beta. */
function layerNorm(name: string, width: number, source: string): TensorName[] {
  return [
    plain(`${name}.weight`, [width], `${source}.weight`, `${source}.gamma`),
    plain(`${name}.bias`, [width], `${source}.bias`, `${source}.beta`),
  ];
}

function perLayer(config: BackboneConfig, build: (layer: number) => TensorName[]): TensorName[] {
  return Array.from({ length: config.numLayers }, (_, layer) => build(layer)).flat();
}

function encoderNames(family: "roberta" | "bert", config: BackboneConfig): TensorName[] {
  const { hiddenSize: width, intermediateSize } = config;
  const embeddings = `${family}.embeddings`;
  return [
    words(config, `${embeddings}.word_embeddings.weight`, encoderHeadNames[family].decoder),
    plain("embeddings.position", [config.maxPositions + config.positionOffset, width], `${embeddings}.position_embeddings.weight`),
    plain("embeddings.type", [config.numTypes, width], `${embeddings}.token_type_embeddings.weight`),
    ...layerNorm("embeddings.norm", width, `${embeddings}.LayerNorm`),
    ...perLayer(config, (layer) => {
      const here = `layers.${layer}`;
      const there = `${family}.encoder.layer.${layer}`;
      return [
        ...linear(`${here}.attention.query`, width, width, `${there}.attention.self.query`),
        ...linear(`${here}.attention.key`, width, width, `${there}.attention.self.key`),
        ...linear(`${here}.attention.value`, width, width, `${there}.attention.self.value`),
        ...linear(`${here}.attention.output`, width, width, `${there}.attention.output.dense`),
        ...layerNorm(`${here}.attention.norm`, width, `${there}.attention.output.LayerNorm`),
        ...linear(`${here}.feedForward.up`, intermediateSize, width, `${there}.intermediate.dense`),
        ...linear(`${here}.feedForward.down`, width, intermediateSize, `${there}.output.dense`),
        ...layerNorm(`${here}.feedForward.norm`, width, `${there}.output.LayerNorm`),
      ];
    }),
    ...encoderHead(family, config),
  ];
}

/** The table of words; where the head's output is tied to it, it may be stored under the head's name alone. */
function words({ vocabSize, hiddenSize, hasTiedEmbeddings }: BackboneConfig, source: string, output: string): TensorName {
  return plain("embeddings.word", [vocabSize, hiddenSize], source, ...(hasTiedEmbeddings ? [`${output}.weight`] : []));
}

const encoderHeadNames = {
  roberta: { dense: "lm_head.dense", norm: "lm_head.layer_norm", bias: "lm_head.bias", decoder: "lm_head.decoder" },
  bert: {
    dense: "cls.predictions.transform.dense",
    norm: "cls.predictions.transform.LayerNorm",
    bias: "cls.predictions.bias",
    decoder: "cls.predictions.decoder",
  },
} as const;

/** An untied decoder has its own bias; a tied one shares the head's, and where both are stored and differ, its own counts. */
function encoderHead(family: "roberta" | "bert", { hiddenSize: width, vocabSize, hasTiedEmbeddings }: BackboneConfig): TensorName[] {
  const head = encoderHeadNames[family];
  return [
    ...linear("head.dense", width, width, head.dense),
    ...layerNorm("head.norm", width, head.norm),
    ...(hasTiedEmbeddings ? [] : [plain("head.output", [vocabSize, width], `${head.decoder}.weight`)]),
    plain("head.bias", [vocabSize], `${head.decoder}.bias`, ...(hasTiedEmbeddings ? [head.bias] : [])),
  ];
}

/** GPT-2's Conv1D keeps (in, out), and query, key and value fused along the outputs. */
function conv1d(name: string, sizes: { outputs: number; inputs: number; first: number; fused: number }, source: string): TensorName[] {
  const { outputs, inputs, first, fused } = sizes;
  const sources = (end: string) => [`transformer.${source}.${end}`];
  return [
    {
      name: `${name}.weight`,
      shape: [outputs, inputs],
      sources: sources("weight"),
      sourceShape: [inputs, fused],
      isTransposed: true,
      firstOutput: first,
    },
    { name: `${name}.bias`, shape: [outputs], sources: sources("bias"), sourceShape: [fused], isTransposed: false, firstOutput: first },
  ];
}

function gpt2Names(config: BackboneConfig): TensorName[] {
  const { hiddenSize: width, intermediateSize: inner, vocabSize } = config;
  const norm = (name: string, source: string) => [
    plain(`${name}.weight`, [width], `transformer.${source}.weight`),
    plain(`${name}.bias`, [width], `transformer.${source}.bias`),
  ];
  return [
    words(config, "transformer.wte.weight", "lm_head"),
    plain("embeddings.position", [config.maxPositions, width], "transformer.wpe.weight"),
    ...perLayer(config, (layer) => {
      const here = `layers.${layer}`;
      const there = `h.${layer}`;
      const fused = (first: number) => ({ outputs: width, inputs: width, first, fused: 3 * width });
      return [
        ...norm(`${here}.attention.norm`, `${there}.ln_1`),
        ...conv1d(`${here}.attention.query`, fused(0), `${there}.attn.c_attn`),
        ...conv1d(`${here}.attention.key`, fused(width), `${there}.attn.c_attn`),
        ...conv1d(`${here}.attention.value`, fused(2 * width), `${there}.attn.c_attn`),
        ...conv1d(`${here}.attention.output`, { outputs: width, inputs: width, first: 0, fused: width }, `${there}.attn.c_proj`),
        ...norm(`${here}.feedForward.norm`, `${there}.ln_2`),
        ...conv1d(`${here}.feedForward.up`, { outputs: inner, inputs: width, first: 0, fused: inner }, `${there}.mlp.c_fc`),
        ...conv1d(`${here}.feedForward.down`, { outputs: width, inputs: inner, first: 0, fused: width }, `${there}.mlp.c_proj`),
      ];
    }),
    ...norm("norm", "ln_f"),
    ...(config.hasTiedEmbeddings ? [] : [plain("head.output", [vocabSize, width], "lm_head.weight")]),
  ];
}

function llamaNames(config: BackboneConfig): TensorName[] {
  const { hiddenSize: width, intermediateSize: inner, vocabSize } = config;
  const queries = config.numHeads * config.headSize;
  const weight = (name: string, outputs: number, inputs: number, source: string) =>
    plain(`${name}.weight`, [outputs, inputs], `${source}.weight`);
  return [
    words(config, "model.embed_tokens.weight", "lm_head"),
    ...perLayer(config, (layer) => {
      const here = `layers.${layer}`;
      const there = `model.layers.${layer}`;
      return [
        plain(`${here}.attention.norm.weight`, [width], `${there}.input_layernorm.weight`),
        weight(`${here}.attention.query`, queries, width, `${there}.self_attn.q_proj`),
        weight(`${here}.attention.key`, keyValueWidth(config), width, `${there}.self_attn.k_proj`),
        weight(`${here}.attention.value`, keyValueWidth(config), width, `${there}.self_attn.v_proj`),
        weight(`${here}.attention.output`, width, queries, `${there}.self_attn.o_proj`),
        plain(`${here}.feedForward.norm.weight`, [width], `${there}.post_attention_layernorm.weight`),
        weight(`${here}.feedForward.gate`, inner, width, `${there}.mlp.gate_proj`),
        weight(`${here}.feedForward.up`, inner, width, `${there}.mlp.up_proj`),
        weight(`${here}.feedForward.down`, width, inner, `${there}.mlp.down_proj`),
      ];
    }),
    plain("norm.weight", [width], "model.norm.weight"),
    ...(config.hasTiedEmbeddings ? [] : [plain("head.output", [vocabSize, width], "lm_head.weight")]),
  ];
}
