import { access, mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
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

/** Converts a Hugging Face folder to a folder that tabs can load; shards of an earlier conversion are removed from it. Node only. */
export async function convertBackbone(folder: string, out: string, options: ConvertOptions): Promise<ConvertReport> {
  await mkdir(out, { recursive: true });
  const report = await convertCheckpoint(checkpointFolder(folder), (file, bytes) => writeFile(join(out, file), bytes), options);
  const current = new Set(report.manifest.shards.map(({ sha256 }) => `${sha256}.bin`));
  const stale = (await readdir(out)).filter((file) => /^[0-9a-f]{64}\.bin$/.test(file) && !current.has(file));
  await Promise.all(stale.map((file) => rm(join(out, file))));
  return report;
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
