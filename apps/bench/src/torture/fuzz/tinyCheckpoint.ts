import { createRandom, type Tensor } from "@tutti/core";
import { convertCheckpoint, readHubConfig, type TensorEncoding, tensorNames, writeSafetensors } from "@tutti/model";
import { corpusFile, utf8 } from "./corpusFiles.ts";

/** Configurations of one layer of width 4, as config.json has them. */
export const tinyConfigs: readonly Readonly<Record<string, unknown>>[] = [
  {
    model_type: "bert",
    vocab_size: 15,
    hidden_size: 4,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 5,
    max_position_embeddings: 9,
    type_vocab_size: 2,
    hidden_act: "gelu",
    layer_norm_eps: 1e-12,
    pad_token_id: 0,
  },
  {
    model_type: "gpt2",
    vocab_size: 15,
    n_embd: 4,
    n_layer: 1,
    n_head: 2,
    n_positions: 9,
    n_inner: null,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
  },
  {
    model_type: "llama",
    vocab_size: 15,
    hidden_size: 4,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    intermediate_size: 5,
    max_position_embeddings: 9,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    rope_scaling: { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8 },
    tie_word_embeddings: false,
  },
];

/** A checkpoint's weights, small enough to be changed a thousand times a second. */
export function tinyWeights(config: Readonly<Record<string, unknown>>): Uint8Array {
  const random = createRandom(3).stream({ purpose: "tiny checkpoint" });
  const tensors: Record<string, Tensor> = {};
  for (const { sources, sourceShape } of tensorNames(readHubConfig(JSON.stringify(config)))) {
    const [source] = sources;
    if (source === undefined) continue;
    const size = sourceShape.reduce((product, length) => product * length, 1);
    tensors[source] ??= { shape: sourceShape, data: Float32Array.from({ length: size }, () => random.normal()) };
  }
  return writeSafetensors(tensors, { format: "pt" });
}

/** A checkpoint's files by name. */
export type CheckpointBytes = Map<string, Uint8Array<ArrayBuffer>>;

/** The files of a whole checkpoint, with a tokenizer of 15 tokens. */
export function tinyCheckpoint(config: Readonly<Record<string, unknown>>): CheckpointBytes {
  return new Map([
    ["config.json", utf8(JSON.stringify(config)).slice()],
    ["model.safetensors", tinyWeights(config).slice()],
    ["tokenizer.json", corpusFile("tokenizer-wordPiece.json").slice()],
  ]);
}

/** Converts a checkpoint in memory: the files of a backbone's folder. */
export async function convertedFiles(files: CheckpointBytes, encoding: TensorEncoding): Promise<CheckpointBytes> {
  const written: CheckpointBytes = new Map();
  const port = {
    size: async (file: string) => files.get(file)?.length ?? null,
    read: async (file: string, start: number, length: number) => (files.get(file) ?? new Uint8Array(0)).slice(start, start + length),
  };
  const options = { name: "tiny", encoding, source: "torture", licence: "Apache-2.0" };
  await convertCheckpoint(port, async (file, bytes) => void written.set(file, bytes), options);
  return written;
}
