import { access, open, readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { sha256Hex } from "@tutti/core";
import { replaceFolder } from "@tutti/data/node";
import { backboneFromSafetensors } from "./backbone/checkpoint.ts";
import type { CheckpointFiles } from "./backbone/checkpointFiles.ts";
import { type ConvertOptions, type ConvertReport, convertCheckpoint, manifestBytes, withAdmission } from "./backbone/convert.ts";
import { loadBackbone } from "./backbone/load.ts";
import { type AdmissionNumbers, type BackboneManifest, parseManifest } from "./backbone/manifest.ts";
import type { PackedBackbone } from "./backbone/packed.ts";
import { openBackboneFolder } from "./backboneFolders.ts";

export { openBackboneFolder, openCheckpointFolder } from "./backboneFolders.ts";
export { provideNodeGpu } from "./gpu/nodeGpu.ts";
export { downloadModel, type HubModel } from "./hub.ts";
export { type HubRepository, type HubRequest, withHubRepository } from "./hubRepository.ts";
export { fetchFile, localUrls } from "./localFiles.ts";
export { readStartOf, readStartParams, type StartPlace } from "./prompts/startParamFiles.ts";
export { readSourcePrompts, writeSourcePrompt } from "./sourcePromptFiles.ts";
export { folderCache } from "./thread/folderCache.ts";
export { type ThreadTrainerOptions, threadTrainer } from "./thread/threadTrainer.ts";

/** Reads a Hugging Face folder with one model.safetensors as a backbone in f32, without converting it. Node only. */
export async function readCheckpoint(folder: string): Promise<PackedBackbone> {
  const text = async (file: string) => {
    const path = join(folder, file);
    return (await exists(path)) ? readFile(path, "utf8") : undefined;
  };
  const [configJson, weights, tokenizerJson, tokenizerConfig] = await Promise.all([
    readFile(join(folder, "config.json"), "utf8"),
    readFile(join(folder, "model.safetensors")),
    text("tokenizer.json"),
    text("tokenizer_config.json"),
  ]);
  return backboneFromSafetensors({ configJson, tokenizerJson, tokenizerConfig }, weights);
}

/** Where a conversion writes; a test hands in a disk that fills up. */
export interface ConvertPorts {
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Called with the whole folder before it takes its place; throws to leave there what was there. */
  check?(folder: string, report: ConvertReport): Promise<void>;
}

/**
 * Converts a Hugging Face folder, or files read in another way, to a folder that tabs can load. It is made and checked beside `out` and takes
 * its place when it is whole: what fails leaves what was there before. Node only.
 */
export async function convertBackbone(
  checkpoint: string | CheckpointFiles,
  out: string,
  options: ConvertOptions,
  { writeFile: write = writeFile, check }: Partial<ConvertPorts> = {},
): Promise<ConvertReport> {
  const files = typeof checkpoint === "string" ? checkpointFolder(checkpoint) : checkpoint;
  const folder = resolve(out);
  return replaceFolder(folder, async (unfinished) => {
    const report = await convertCheckpoint(files, (file, bytes) => write(join(unfinished, file), bytes), options);
    await check?.(unfinished, report);
    return report;
  });
}

/** Loads a converted backbone from its folder. Node only. */
export async function loadBackboneFolder(folder: string): Promise<PackedBackbone> {
  return loadBackbone({ read: async (file) => new Uint8Array(await readFile(join(folder, file))) });
}

/** Computes the golden numbers of the admission test on the backbone as stored and writes them into its manifest. Node only. */
export async function addAdmission(
  folder: string,
  compute: (backbone: PackedBackbone) => Promise<AdmissionNumbers>,
): Promise<BackboneManifest> {
  const admission = await compute(await openBackboneFolder(folder));
  return amendManifest(folder, (manifest) => withAdmission(manifest, admission));
}

/** Rewrites the manifest of a converted backbone. Node only. */
export async function amendManifest(folder: string, change: (manifest: BackboneManifest) => BackboneManifest): Promise<BackboneManifest> {
  const path = join(folder, "manifest.json");
  const manifest = change(parseManifest(await readFile(path)));
  await writeFile(path, manifestBytes(manifest));
  return manifest;
}

/** What is wrong with a converted backbone's files, a sentence each; none when every byte hashes as the manifest says. Node only. */
export async function findDamage(folder: string): Promise<string[]> {
  const manifest = parseManifest(await readFile(join(folder, "manifest.json")));
  const texts = [manifest.tokenizer, manifest.tokenizerConfig].filter((file) => file !== null);
  const shards = manifest.shards.map(({ sha256, numBytes }) => ({ file: `${sha256}.bin`, sha256, numBytes }));
  const damage: string[] = [];
  for (const { file, sha256, numBytes } of [...texts, ...shards]) {
    const bytes = await readFile(join(folder, file)).catch(() => null);
    if (bytes === null) damage.push(`${file} is missing`);
    else if (bytes.length !== numBytes) damage.push(`${file} has ${bytes.length} bytes, the manifest says ${numBytes}`);
    else if ((await sha256Hex(new Uint8Array(bytes))) !== sha256)
      damage.push(`${file} has bytes that do not match its hash: add the backbone again`);
  }
  return damage;
}

/** A checkpoint folder on disk, read piece by piece. Node only. */
export function checkpointFolder(folder: string): CheckpointFiles {
  return {
    size: async (file) => {
      const path = join(folder, file);
      return (await exists(path)) ? (await stat(path)).size : null;
    },
    read: async (file, start, length) => {
      const handle = await open(join(folder, file));
      try {
        const bytes = new Uint8Array(length);
        const { bytesRead } = await handle.read(bytes, 0, length, start);
        if (bytesRead !== length) throw new Error(`${file}: ${length} bytes wanted at ${start}, ${bytesRead} read (truncated?)`);
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
