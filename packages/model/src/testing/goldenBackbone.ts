import { readFile } from "node:fs/promises";
import type { CheckpointFiles } from "../backbone/checkpointFiles.ts";
import { type ConvertOptions, type ConvertReport, convertCheckpoint } from "../backbone/convert.ts";

/** Files in memory by name. */
export type MemoryFiles = Map<string, Uint8Array<ArrayBuffer>>;

/** A tokenizer.json of words `w0`, `w1`, … as the golden checkpoints have none of their own. */
export function tinyTokenizer(numTokens: number): string {
  const vocab = Object.fromEntries(Array.from({ length: numTokens }, (_, id) => [`w${id}`, id]));
  const parts = { added_tokens: [], normalizer: null, pre_tokenizer: { type: "Whitespace" }, post_processor: null, decoder: null };
  return JSON.stringify({ ...parts, model: { type: "WordLevel", vocab, unk_token: "w0" } });
}

/** The golden checkpoint of a family in memory, with a tokenizer.json that stands in for its missing one. */
export async function goldenCheckpoint(family: string): Promise<MemoryFiles> {
  const read = async (path: string) => new Uint8Array(await readFile(new URL(path, import.meta.url)));
  return new Map([
    ["config.json", await read(`../../golden/${family}/config.json`)],
    ["model.safetensors", await read(`../../golden/${family}/model.safetensors`)],
    ["tokenizer.json", new TextEncoder().encode(tinyTokenizer(96))],
  ]);
}

/** The reading port of the converter over files in memory; `reads` notes the length of each read. */
export function checkpointInMemory(files: MemoryFiles, reads: number[] = []): CheckpointFiles {
  return {
    size: async (file) => files.get(file)?.length ?? null,
    read: async (file, start, length) => {
      reads.push(length);
      return (files.get(file) ?? new Uint8Array(0)).slice(start, start + length);
    },
  };
}

/** Converts a checkpoint in memory. */
export async function convertInMemory(
  files: CheckpointFiles,
  options: Partial<ConvertOptions> = {},
): Promise<{ out: MemoryFiles; report: ConvertReport }> {
  const out: MemoryFiles = new Map();
  const write = async (file: string, bytes: Uint8Array<ArrayBuffer>) => {
    out.set(file, bytes);
  };
  const report = await convertCheckpoint(files, write, {
    name: "golden",
    encoding: "f32",
    source: "golden",
    licence: "Apache-2.0",
    ...options,
  });
  return { out, report };
}
