import { access, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backboneFromSafetensors } from "./backbone/checkpoint.ts";
import type { CheckpointFiles } from "./backbone/checkpointFiles.ts";
import { type ConvertOptions, type ConvertReport, convertCheckpoint, manifestBytes, withAdmission } from "./backbone/convert.ts";
import { loadBackbone } from "./backbone/load.ts";
import type { AdmissionNumbers, BackboneManifest } from "./backbone/manifest.ts";
import type { PackedBackbone } from "./backbone/packed.ts";

/** Reads a Hugging Face folder with one model.safetensors as a backbone in f32, without converting it. Node only. */
export async function readCheckpoint(folder: string): Promise<PackedBackbone> {
  const text = async (file: string) => {
    const path = join(folder, file);
    return (await exists(path)) ? { text: await readFile(path, "utf8") } : {};
  };
  const [config, weights, tokenizer, tokenizerConfig] = await Promise.all([
    readFile(join(folder, "config.json"), "utf8"),
    readFile(join(folder, "model.safetensors")),
    text("tokenizer.json"),
    text("tokenizer_config.json"),
  ]);
  return backboneFromSafetensors(
    {
      configJson: config,
      ...("text" in tokenizer ? { tokenizerJson: tokenizer.text } : {}),
      ...("text" in tokenizerConfig ? { tokenizerConfig: tokenizerConfig.text } : {}),
    },
    weights,
  );
}

/** Where a conversion writes; a test hands in a disk that fills up. */
export interface ConvertPorts {
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
}

/**
 * Converts a Hugging Face folder, or files read in another way, to a folder that tabs can load. It is made beside `out` and takes its place
 * when it is whole: what fails leaves what was there before. Node only.
 */
export async function convertBackbone(
  checkpoint: string | CheckpointFiles,
  out: string,
  options: ConvertOptions,
  ports: ConvertPorts = { writeFile: (path, bytes) => writeFile(path, bytes) },
): Promise<ConvertReport> {
  const files = typeof checkpoint === "string" ? checkpointFolder(checkpoint) : checkpoint;
  const unfinished = `${out}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    const report = await convertCheckpoint(files, (file, bytes) => ports.writeFile(join(unfinished, file), bytes), options);
    await rm(out, { recursive: true, force: true });
    await rename(unfinished, out);
    return report;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
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
  const backbone = await loadBackboneFolder(folder);
  if (backbone.manifest === null) throw new Error(`${folder} has no manifest`);
  const manifest = withAdmission(backbone.manifest, await compute(backbone));
  await writeFile(join(folder, "manifest.json"), manifestBytes(manifest));
  return manifest;
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
