import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readHubConfig } from "../backbone/hubConfig.ts";
import { tensorNames } from "../backbone/tensorNames.ts";
import { tinyTokenizer } from "./goldenBackbone.ts";

/** Shapes of well-known sizes, as their config.json says them, and the type their weights are usually kept in. */
export const checkpointShapes = {
  "gpt2-130mb": { dtype: "F32", config: gpt2({ n_embd: 512, n_layer: 9, n_head: 8, vocab_size: 8000, n_positions: 512 }) },
  "gpt2-124m": { dtype: "F32", config: gpt2({ n_embd: 768, n_layer: 12, n_head: 12, vocab_size: 50257, n_positions: 1024 }) },
  "gpt2-2gb": { dtype: "F32", config: gpt2({ n_embd: 1280, n_layer: 22, n_head: 20, vocab_size: 50257, n_positions: 1024 }) },
  "llama-1.1b": {
    dtype: "BF16",
    config: {
      model_type: "llama",
      vocab_size: 32_000,
      hidden_size: 2048,
      num_hidden_layers: 22,
      num_attention_heads: 32,
      num_key_value_heads: 4,
      intermediate_size: 5632,
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: false,
    },
  },
} as const;

/** Name of a published model whose sizes a random checkpoint has. */
export type CheckpointShape = keyof typeof checkpointShapes;

function gpt2<S extends { readonly vocab_size: number }>(sizes: S): S & { readonly model_type: string } {
  return { model_type: "gpt2", ...sizes };
}

const blockWords = 1 << 20;

/** Writes a checkpoint of random weights as a stream, in files of at most `maxFileBytes` with an index; returns its bytes. */
export async function writeRandomCheckpoint(folder: string, shape: CheckpointShape, maxFileBytes = 1e9): Promise<number> {
  const { dtype, config } = checkpointShapes[shape];
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "tokenizer.json"), tinyTokenizer(config.vocab_size));
  const files = splitFiles(JSON.stringify(config), dtype === "F32" ? 4 : 2, maxFileBytes);
  const nextWords = randomWords(dtype);
  const weightMap: Record<string, string> = {};
  let numBytes = 0;
  for (const [i, tensors] of files.entries()) {
    const file = `model-${i + 1}-of-${files.length}.safetensors`;
    for (const { name } of tensors) weightMap[name] = file;
    numBytes += await writeTensors(join(folder, file), tensors, dtype, nextWords);
  }
  await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
  return numBytes;
}

interface RawTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly numBytes: number;
}

function splitFiles(configJson: string, elementBytes: number, maxFileBytes: number): RawTensor[][] {
  const shapes = new Map(tensorNames(readHubConfig(configJson)).map(({ sources, sourceShape }) => [sources[0], sourceShape]));
  const files: RawTensor[][] = [[]];
  let filled = 0;
  for (const [name, shape] of shapes) {
    const numBytes = shape.reduce((product, size) => product * size, elementBytes);
    if (filled > 0 && filled + numBytes > maxFileBytes) {
      files.push([]);
      filled = 0;
    }
    files[files.length - 1].push({ name, shape, numBytes });
    filled += numBytes;
  }
  return files;
}

async function writeTensors(path: string, tensors: readonly RawTensor[], dtype: string, nextWords: () => Uint8Array): Promise<number> {
  let at = 0;
  const header = Object.fromEntries(
    tensors.map(({ name, shape, numBytes }) => {
      const entry = { dtype, shape, data_offsets: [at, at + numBytes] };
      at += numBytes;
      return [name, entry];
    }),
  );
  const json = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(json.length));
  const handle = await open(path, "w");
  try {
    await handle.write(Buffer.concat([start, json]));
    for (let left = at; left > 0; ) {
      const { bytesWritten } = await handle.write(nextWords().subarray(0, left));
      left -= bytesWritten;
    }
  } finally {
    await handle.close();
  }
  return 8 + json.length + at;
}

/** Random numbers of magnitude 2⁻⁸ to 2⁻⁵, either sign, straight in their bits; the same array again at every call. */
function randomWords(dtype: "F32" | "BF16"): () => Uint8Array {
  const words = new Uint32Array(blockWords);
  let state = 2463534242;
  const [keep, exponent] = dtype === "F32" ? [0x807fffff, 0x3b800000] : [0x807f807f, 0x3b803b80];
  const widen = dtype === "F32" ? 0x01000000 : 0x01000100;
  return () => {
    for (let i = 0; i < blockWords; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = ((state & keep) | exponent) + (state & 64 ? widen : 0);
    }
    return new Uint8Array(words.buffer);
  };
}
