import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type BackboneManifest, parseManifest } from "../backbone/manifest.ts";
import { peftFiles } from "./peftFolder.ts";
import { type TunedPrompts, writePromptsFile } from "./promptsFile.ts";
import { type StartParams, type StartRun, type StartSource, startParams } from "./startParams.ts";

const promptsFile = "prompts.safetensors";

/** What `readStartOf` looks at beside the path. */
export interface StartPlace {
  readonly run: StartRun;
  /** Holds backbones/. */
  readonly publicDir: string;
  /** The latest parameters of the run of that id or in that folder; null where the path is of something else. */
  readonly promptsOf: (path: string) => Promise<TunedPrompts | null>;
}

/**
 * The parameters that a run starts from: the latest of another run, over or not, or those of `readStartParams`, with the backbone's manifest from
 * the public folder. Throws a sentence where they do not fit. Node only.
 */
export async function readStartOf(path: string, { run, publicDir, promptsOf }: StartPlace): Promise<StartParams> {
  const manifestPath = join(publicDir, "backbones", run.backbone, "manifest.json");
  const bytes = await readFile(manifestPath).catch((cause: unknown) => {
    throw new Error(`backbone ${run.backbone}: ${manifestPath} cannot be read; \`tutti backbone add\` makes it`, { cause });
  });
  const manifest = parseManifest(bytes);
  const tuned = await promptsOf(path);
  if (tuned === null) return readStartParams(path, manifest, run);
  return startParams({ kind: "promptsFile", path, file: writePromptsFile(tuned) }, manifest, run);
}

/**
 * The parameters that a run starts from: of a prompts.safetensors, of a run's folder that holds one, or of the folder of a peft adapter. Throws a
 * sentence that names the place where it is none of these or does not fit the run. A task of a data set that was added must be remembered before. Node only.
 */
export async function readStartParams(path: string, manifest: Pick<BackboneManifest, "config">, run: StartRun): Promise<StartParams> {
  return startParams(await openStart(path), manifest, run);
}

async function openStart(path: string): Promise<StartSource> {
  const kind = await kindOf(path);
  if (kind === null)
    throw new Error(`${path} is not there: expected a prompts.safetensors, a run's folder or the folder of a peft adapter`);
  if (kind === "file") return { kind: "promptsFile", path, file: await readFile(path) };
  const config = await optional(join(path, peftFiles.config));
  if (config !== null) return openAdapter(path, config);
  const prompts = join(path, promptsFile);
  const file = await optional(prompts);
  if (file !== null) return { kind: "promptsFile", path: prompts, file };
  throw new Error(
    `${path} holds neither ${promptsFile} nor ${peftFiles.config}; \`tutti prompt export\` writes the prompts of a run that is not over`,
  );
}

async function openAdapter(path: string, config: Uint8Array): Promise<StartSource> {
  const weights = await optional(join(path, peftFiles.weights));
  if (weights === null) {
    throw new Error(
      `${path} holds no ${peftFiles.weights}, which is read of a peft adapter; save it again with save_pretrained(safe_serialization=True)`,
    );
  }
  return { kind: "peftAdapter", path, files: { config, weights, head: await optional(join(path, peftFiles.head)) } };
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  return found.isDirectory() ? "folder" : "file";
}

/** A file's bytes, or null where there is none; other errors stay errors. */
async function optional(path: string): Promise<Uint8Array | null> {
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw cause;
  });
}
