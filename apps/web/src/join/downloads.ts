import { keptFiles } from "@tutti/model/cache";
import { z } from "zod";

/** What a tab downloads when it joins, in bytes. */
export interface Downloads {
  /** Weights and tokenizer, as they travel. */
  readonly modelBytes: number;
  /** The training worker and what it computes with, compressed; 0 where the build does not say. */
  readonly scriptBytes: number;
  /** Of both, what this browser has already. */
  readonly keptBytes: number;
  /** Of the model in memory, as 32-bit numbers. */
  readonly unpackedBytes: number;
}

const fileSchema = z.object({ sha256: z.string(), numBytes: z.number() });

/** Of a manifest what counts here; the training worker checks all of it before it uses anything. */
const manifestSchema = z.object({
  numParameters: z.number(),
  shards: z.array(fileSchema),
  tokenizer: fileSchema.nullable(),
  tokenizerConfig: fileSchema.nullable(),
});

/** Compressed bytes of built files by their path from the page. */
const sizesSchema = z.record(z.string(), z.number());

/** Where the page's files are, and whether this browser has loaded its training worker before. */
export interface PageFiles {
  readonly folder: string;
  readonly hasScript: boolean;
}

/** Counts what joining downloads, from the model's manifest and the sizes that the build wrote; downloads none of it. */
export async function countDownloads(manifestUrl: string, { folder, hasScript }: PageFiles): Promise<Downloads> {
  const manifest = manifestSchema.parse(await json(manifestUrl));
  const files = [...manifest.shards, manifest.tokenizer, manifest.tokenizerConfig].filter((file) => file !== null);
  const [kept, scriptBytes] = await Promise.all([
    keptFiles(files.map(({ sha256 }) => sha256)).catch(() => new Set<string>()),
    scriptsOf(folder),
  ]);
  const sum = (counted: readonly { readonly numBytes: number }[]) => counted.reduce((total, { numBytes }) => total + numBytes, 0);
  return {
    modelBytes: sum(files),
    scriptBytes,
    keptBytes: sum(files.filter(({ sha256 }) => kept.has(sha256))) + (hasScript ? scriptBytes : 0),
    unpackedBytes: 4 * manifest.numParameters,
  };
}

async function scriptsOf(folder: string): Promise<number> {
  const sizes = await json(new URL("assets/sizes.json", folder).href).then(sizesSchema.parse, () => ({}));
  const binary = crossOriginIsolated ? "wasm/tfjs-backend-wasm-threaded-simd.wasm" : "wasm/tfjs-backend-wasm-simd.wasm";
  const isWanted = (path: string) => path === binary || path.startsWith("assets/");
  return Object.entries(sizes).reduce((sum, [path, numBytes]) => (isWanted(path) ? sum + numBytes : sum), 0);
}

async function json(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answered ${response.status} for ${url}`);
  return response.json();
}
