import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BackboneManifest, TunedPrompts } from "@tutti/model";
import { folderOf } from "../backbones/folders.ts";
import { UsageError } from "../exitCodes.ts";
import { tunedPromptsOf } from "./tunedPrompts.ts";

/** The options of `tutti prompt export`. */
export interface ExportFlags {
  /** An adapter for Hugging Face's peft, or the file that Tutti reads. */
  readonly format: "peft" | "safetensors";
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
  const files = flags.format === "peft" ? await peftFiles(prompts, flags.public) : await safetensorsFile(prompts);
  await requireOwn(flags.out, files);
  await replaceFolder(resolve(flags.out), async (unfinished) => {
    for (const [file, bytes] of files) await writeFile(join(unfinished, file), bytes, { flush: true });
  });
  console.log(`${flags.out}: ${[...files.keys()].join(", ")}`);
  if (flags.format === "peft")
    console.log(`${join(flags.out, "README.md")} shows how to load the adapter in Python and get the numbers of the run`);
}

async function safetensorsFile(prompts: TunedPrompts): Promise<ReadonlyMap<string, Uint8Array>> {
  const { writePromptsFile } = await import("@tutti/model");
  return new Map([["prompts.safetensors", writePromptsFile(prompts)]]);
}

async function peftFiles(prompts: TunedPrompts, publicFolder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { peftFormOf, writePeftFolder } = await import("@tutti/model");
  const { tuning, backbone } = prompts.settings;
  try {
    peftFormOf(tuning.method);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return writePeftFolder(prompts, await manifestOf(await folderOf(join(publicFolder, "backbones"), backbone)));
}

async function manifestOf(folder: string): Promise<BackboneManifest> {
  const { parseManifest } = await import("@tutti/model");
  return parseManifest(await readFile(join(folder, "manifest.json")));
}

/** Refuses a folder with other files than an export's, which would be lost. */
async function requireOwn(out: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const own = new Set([...files.keys(), "head.safetensors"]);
  const names = await readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new UsageError(`--out ${out} cannot be written (${cause.code}): give a new folder`, { cause });
  });
  const other = names.find((name) => !own.has(name));
  if (other !== undefined)
    throw new UsageError(`--out ${out} holds ${other}, which an export does not write: give a new or an empty folder`);
}
