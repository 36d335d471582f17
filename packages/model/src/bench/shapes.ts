import { type PackedTensor, type Packing, packedSizes, packingFor, type TensorEncoding, toF16, unpackRows } from "@tutti/core";
import type { BackboneConfig } from "../backbone/config.ts";
import { readHubConfig } from "../backbone/hubConfig.ts";
import { backboneOver, type PackedBackbone } from "../backbone/packed.ts";
import { tensorNames } from "../backbone/tensorNames.ts";

/** A backbone's sizes, without its weights. */
export interface BackboneShape {
  readonly family: "roberta" | "bert" | "gpt2" | "llama";
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** As many as heads unless said otherwise. */
  readonly numKeyValueHeads?: number;
  readonly vocabSize: number;
}

/** LLaMA 3.2 3B, whose weights are not needed to see what they take. */
export const threeBillion: BackboneShape = {
  family: "llama",
  hiddenSize: 3072,
  intermediateSize: 8192,
  numLayers: 28,
  numHeads: 24,
  numKeyValueHeads: 8,
  vocabSize: 128_256,
};

/** The configuration of a shape. */
function configOf(shape: BackboneShape): BackboneConfig {
  const common = { model_type: shape.family, vocab_size: shape.vocabSize, tie_word_embeddings: true };
  const { hiddenSize, intermediateSize, numLayers, numHeads, numKeyValueHeads = numHeads } = shape;
  if (shape.family === "gpt2") {
    const sizes = { n_embd: hiddenSize, n_layer: numLayers, n_head: numHeads, n_positions: 64, n_inner: intermediateSize };
    return readHubConfig(JSON.stringify({ ...common, ...sizes }));
  }
  const sizes = {
    hidden_size: hiddenSize,
    num_hidden_layers: numLayers,
    num_attention_heads: numHeads,
    intermediate_size: intermediateSize,
    max_position_embeddings: 66,
  };
  const own =
    shape.family === "llama"
      ? { num_key_value_heads: numKeyValueHeads, head_dim: hiddenSize / numHeads }
      : { hidden_act: "gelu", type_vocab_size: 1, pad_token_id: 1 };
  return readHubConfig(JSON.stringify({ ...common, ...sizes, ...own }));
}

/**
 * A backbone of random weights that are made when they are asked for and, the word table excepted, not kept: matrices in the encoding,
 * vectors and positions in f16, as the converter packs them. A tensor is the same at every call.
 */
export function randomBackbone(shape: BackboneShape, encoding: TensorEncoding): PackedBackbone {
  const config = configOf(shape);
  const shapes = new Map(tensorNames(config).map((tensor) => [tensor.name, tensor.shape]));
  const kept = new Map<string, PackedTensor>();
  const packed = (name: string): PackedTensor => {
    const known = kept.get(name);
    if (known !== undefined) return known;
    const tensor = randomTensor(name, shapes.get(name) ?? [], encoding);
    if (name === "embeddings.word") kept.set(name, tensor);
    return tensor;
  };
  const identity = { name: "random", config, manifest: null, tokenizerJson: null, tokenizerConfig: null };
  return backboneOver(identity, { shapes, packed, rows: (name, indices) => unpackRows(packed(name), indices) });
}

function randomTensor(name: string, shape: readonly number[], encoding: TensorEncoding): PackedTensor {
  const isMatrix = shape.length === 2 && (name === "embeddings.word" || name.endsWith(".weight"));
  const packing = packingFor(isMatrix ? encoding : "f16");
  const bytes = new Uint8Array(packedSizes(shape, packing).numBytes);
  const isNormWeight = name.endsWith("orm.weight");
  if (packing.encoding === "f16" || packing.encoding === "f32") fillFloats(bytes, packing, name, isNormWeight ? 1 : 0);
  else fillCodes(bytes, shape, packing, name);
  return { shape, ...packing, bytes };
}

/** Weights of this size keep activations near 1 in layers of any width below a norm. */
const stdDev = 0.02;

function fillFloats(bytes: Uint8Array, { encoding }: Packing, name: string, mean: number): void {
  const next = randomWords(name);
  const numValues = bytes.length / (encoding === "f32" ? 4 : 2);
  const values = encoding === "f32" ? new Float32Array(bytes.buffer) : new Uint16Array(bytes.buffer);
  for (let i = 0; i < numValues; i++) {
    const value = mean + stdDev * Math.sqrt(12) * (next() / 2 ** 32 - 0.5);
    values[i] = encoding === "f32" ? value : toF16(value);
  }
}

/** Random codes; the scales make them as large as weights are. */
function fillCodes(bytes: Uint8Array, shape: readonly number[], packing: Packing, name: string): void {
  const { valueBytes, scaleOffset, numBytes } = packedSizes(shape, packing);
  const words = new Uint32Array(bytes.buffer, 0, valueBytes >> 2);
  const next = randomWords(name);
  for (let i = 0; i < words.length; i++) words[i] = next();
  const largest = { int8: 127, int4: 8, nf4: 1 }[packing.encoding as "int8" | "int4" | "nf4"];
  const scale = (stdDev * Math.sqrt(3)) / largest;
  const view = new DataView(bytes.buffer);
  const isFloat = packing.encoding === "int8";
  const half = toF16(scale);
  for (let at = scaleOffset; at < numBytes; at += isFloat ? 4 : 2) {
    if (isFloat) view.setFloat32(at, scale, true);
    else view.setUint16(at, half, true);
  }
}

/** Xorshift, started from the tensor's name. */
function randomWords(name: string): () => number {
  let state = 2463534242;
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes of what a step needs on the GPU as it is stored: everything but the tables that stay in CPU memory. */
export function packedBytes(backbone: PackedBackbone): number {
  const output = backbone.config.hasTiedEmbeddings ? "embeddings.word" : "head.output";
  const onGpu = backbone.names.filter((name) => !/^embeddings\.(word|position|type)$/.test(name) || name === output);
  return onGpu.reduce((sum, name) => sum + numBytesOf(backbone, name), 0);
}

function numBytesOf(backbone: PackedBackbone, name: string): number {
  return backbone.packed(name).bytes.length;
}

/** Multiplications and additions of a step's matrix products, forward and backward; the lowest layer has no input gradient. */
export function stepOperations({ config }: PackedBackbone, numRows: number): number {
  const { hiddenSize, numHeads, numKeyValueHeads, headSize, intermediateSize, numLayers } = config;
  const queries = numHeads * headSize;
  const qkv = hiddenSize * (queries + 2 * numKeyValueHeads * headSize);
  const others = queries * hiddenSize + (config.activation === "silu" ? 3 : 2) * hiddenSize * intermediateSize;
  return 2 * numRows * (numLayers * (qkv + others) * 2 - qkv);
}
