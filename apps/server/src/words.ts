import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  editedTokensOf,
  type PackedTensor,
  packedSizes,
  type RunSettings,
  tensorEncodings,
  tokenTexts,
  unpackRows,
  type WordTable,
} from "@tutti/core";
import { z } from "zod";
import { ConfigError, type CoordinatorConfig } from "./config.ts";
import type { TunedParameters } from "./tuned.ts";

const table = "embeddings.word";

const manifestSchema = z.object({
  shards: z.array(z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  tokenizer: z.object({ file: z.string().regex(/^[A-Za-z0-9._-]+$/) }),
  tensors: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.int().min(1)),
      encoding: z.enum(tensorEncodings),
      groupSize: z.int().min(0),
      parts: z.array(z.object({ shard: z.int().min(0), offset: z.int().min(0), length: z.int().min(0) })),
    }),
  ),
});

/** What a run trains, with its backbone's words where it tunes a prompt of words. */
export function withWords(tuned: TunedParameters, { publicDir, run }: Pick<CoordinatorConfig, "publicDir" | "run">): TunedParameters {
  const words = readWords(publicDir, run);
  return words === null ? tuned : { ...tuned, words };
}

/**
 * The words of a run's backbone, read from its folder as it lies there (P-248); null for a run that tunes no prompt of words. Throws a ConfigError where they cannot
 * be read.
 */
export function readWords(publicDir: string, { backbone, tuning }: Pick<RunSettings, "backbone" | "tuning">): WordTable | null {
  if (editedTokensOf(tuning) === null) return null;
  const folder = join(publicDir, "backbones", backbone);
  try {
    const { tokenizer, ...files } = manifestSchema.parse(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")));
    const words = readTable(folder, files);
    const texts = tokenTexts(readFileSync(join(folder, tokenizer.file), "utf8"));
    return { size: words.shape[0] ?? 0, textOf: (id) => texts[id] ?? null, rows: (ids) => unpackRows(words, ids) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`backbone ${backbone}: its words cannot be read (${reason}); \`tutti backbone add\` makes it again`, { cause });
  }
}

/** The packed table of words, its parts end to end. */
function readTable(folder: string, { shards, tensors }: Pick<z.output<typeof manifestSchema>, "shards" | "tensors">): PackedTensor {
  const tensor = tensors.find(({ name }) => name === table);
  if (tensor === undefined) throw new Error(`its manifest has no tensor ${table}`);
  const { shape, encoding, groupSize, parts } = tensor;
  const bytes = new Uint8Array(packedSizes(shape, { encoding, groupSize }).numBytes);
  let filled = 0;
  for (const { shard, offset, length } of parts) {
    const path = join(folder, `${shards[shard]?.sha256}.bin`);
    if (!existsSync(path)) throw new Error(`${path} is not there`);
    const part = readFileSync(path).subarray(offset, offset + length);
    if (part.length !== length || filled + length > bytes.length)
      throw new Error(`${path} has ${part.length} bytes from ${offset} on, expected ${length}`);
    bytes.set(part, filled);
    filled += length;
  }
  if (filled !== bytes.length) throw new Error(`${table} has ${filled} bytes, expected ${bytes.length}`);
  return { shape, encoding, groupSize, bytes };
}
