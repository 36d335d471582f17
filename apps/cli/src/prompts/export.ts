import { open, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BackboneManifest, TunedPrompts } from "@tutti/model";
import { folderOf } from "../backbones/folders.ts";
import { orWrongUse, UsageError } from "../exitCodes.ts";
import { tunedPromptsOf } from "./tunedPrompts.ts";

/** An adapter for Hugging Face's peft, backbone and run merged in one model, or the file that Tutti reads. */
export type ExportFormat = "peft" | "merged" | "safetensors";

/** A file as bytes, whole or in pieces. */
type Files = ReadonlyMap<string, Uint8Array | Iterable<Uint8Array>>;

/** The options of `tutti prompt export`. */
export interface ExportFlags {
  readonly format: ExportFormat;
  readonly out: string;
  /** Holds the run folders. */
  readonly runs: string;
  readonly public: string;
}

/** `tutti prompt export`: writes the tuned parameters of a run, over or not, or of a prompts.safetensors into a folder. */
export async function exportPrompts(source: string, flags: ExportFlags): Promise<void> {
  const prompts = await tunedPromptsOf(source, flags.runs);
  const { rememberDatasets, replaceFolder } = await import("@tutti/data/node");
  await rememberDatasets(flags.public);
  const files = await filesOf[flags.format](prompts, join(flags.public, "backbones"));
  await requireOwn(flags.out, files);
  await replaceFolder(resolve(flags.out), async (unfinished) => {
    for (const [file, bytes] of files) await writePieces(join(unfinished, file), bytes instanceof Uint8Array ? [bytes] : bytes);
  });
  console.log(`${flags.out}: ${[...files.keys()].join(", ")}`);
  if (flags.format !== "safetensors")
    console.log(`${join(flags.out, "README.md")} shows how to load the ${loaded[flags.format]} in Python and get the numbers of the run`);
}

const loaded = { peft: "adapter", merged: "model" } as const;

const filesOf: Readonly<Record<ExportFormat, (prompts: TunedPrompts, backbones: string) => Promise<Files>>> = {
  safetensors: safetensorsFile,
  peft: peftFiles,
  merged: mergedFolder,
};

async function safetensorsFile(prompts: TunedPrompts): Promise<Files> {
  const { writePromptsFile } = await import("@tutti/model");
  return new Map([["prompts.safetensors", writePromptsFile(prompts)]]);
}

async function peftFiles(prompts: TunedPrompts, backbones: string): Promise<Files> {
  const { peftFormOf, writePeftFolder } = await import("@tutti/model");
  const { tuning, backbone } = prompts.settings;
  orWrongUse(() => peftFormOf(tuning.method));
  return writePeftFolder(prompts, await manifestOf(await folderOf(backbones, backbone)));
}

async function mergedFolder(prompts: TunedPrompts, backbones: string): Promise<Files> {
  const [{ requireMergeable, writeMergedFolder }, { openBackboneFolder }] = await Promise.all([
    import("@tutti/model"),
    import("@tutti/model/node"),
  ]);
  const { tuning, backbone } = prompts.settings;
  orWrongUse(() => requireMergeable(tuning));
  return writeMergedFolder(prompts, await openBackboneFolder(await folderOf(backbones, backbone)));
}

/** Writes a file piece by piece, so that a model need not be in memory whole. */
async function writePieces(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function manifestOf(folder: string): Promise<BackboneManifest> {
  const { parseManifest } = await import("@tutti/model");
  return parseManifest(await readFile(join(folder, "manifest.json")));
}

/** Refuses a folder with other files than an export's, which would be lost. */
async function requireOwn(out: string, files: Files): Promise<void> {
  const own = new Set([...files.keys(), "head.safetensors"]);
  const names = await readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new UsageError(`--out ${out} cannot be written (${cause.code}): give a new folder`, { cause });
  });
  const other = names.find((name) => !own.has(name));
  if (other !== undefined)
    throw new UsageError(`--out ${out} holds ${other}, which an export does not write: give a new or an empty folder`);
}
