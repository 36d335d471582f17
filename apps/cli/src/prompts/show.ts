import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatWhole, sourcePromptPath } from "@tutti/core";
import type { SourcePrompt } from "@tutti/model";
import { listing, table } from "../backbones/text.ts";
import { UsageError } from "../exitCodes.ts";

interface PlaceFlags {
  readonly public: string;
}

/** Says which prompt: names are those of a backbone. */
export interface OnePromptFlags extends PlaceFlags {
  readonly backbone: string;
  /** Not needed where there is one size of the name. */
  readonly tokens?: number;
}

/** What the name of a source prompt's file says. */
interface PromptFile {
  readonly name: string;
  readonly tokens: number;
}

/** `tutti prompt list`. */
export async function listPrompts({ public: publicFolder }: PlaceFlags): Promise<void> {
  const folder = join(publicFolder, "prompts");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const backbones = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const files = await Promise.all(backbones.sort().map(async (backbone) => [backbone, await filesIn(join(folder, backbone))] as const));
  const paths = files.flatMap(([backbone, some]) =>
    some.map(({ name, tokens }) => join(publicFolder, sourcePromptPath(backbone, name, tokens))),
  );
  if (paths.length === 0) return console.log(`No source prompts in ${folder}; \`tutti prompt train\` makes one.`);
  const prompts = await Promise.all(paths.map(readPrompt));
  const rows = prompts.map(({ name, backbone, task, numExamples, numSteps, shape, validation }) => [
    name,
    backbone,
    task,
    formatWhole(numExamples),
    formatWhole(numSteps),
    shape.join(" × "),
    validation === undefined
      ? "-"
      : `${validation.before.toFixed(3)} → ${validation.after.toFixed(3)} of ${formatWhole(validation.numExamples)} rows`,
  ]);
  console.log(table([["name", "backbone", "task", "rows", "steps", "size", "validation"], ...rows]));
}

/** `tutti prompt show`. */
export async function showPrompt(name: string, flags: OnePromptFlags & { readonly json?: boolean }): Promise<void> {
  const path = await pathOf(name, flags);
  const { values, ...record } = await readPrompt(path);
  if (flags.json === true) return console.log(JSON.stringify(record));
  const { task, backbone, numExamples, numSteps, batchSize, learningRate, seed, head, validation, shape } = record;
  console.log(
    listing([
      ["source prompt", `${name} (${path})`],
      ["backbone", backbone],
      ["task", `${task}, ${formatWhole(numExamples)} training rows`],
      ["size", `${shape[0]} tokens of ${shape[1]} values`],
      [
        "training",
        `${formatWhole(numSteps)} steps${batchSize === undefined ? "" : ` of ${batchSize} texts`}, rate ${learningRate}, seed ${seed}`,
      ],
      ["head in training", head ?? "not recorded"],
      [
        "validation accuracy",
        validation === undefined
          ? "not recorded"
          : `${validation.before.toFixed(3)} before, ${validation.after.toFixed(3)} after, on ${formatWhole(validation.numExamples)} rows`,
      ],
      ["root mean square", Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length).toPrecision(3)],
    ]),
  );
}

/** `tutti prompt remove`. */
export async function removePrompt(name: string, flags: OnePromptFlags): Promise<void> {
  const path = await pathOf(name, flags);
  await rm(path);
  console.log(`Removed ${path}.`);
}

/** The file of a source prompt that is there; a usage error that lists those there are. */
async function pathOf(name: string, { public: publicFolder, backbone, tokens }: OnePromptFlags): Promise<string> {
  const folder = join(publicFolder, "prompts", backbone);
  const files = await filesIn(folder);
  const sizes = files.filter((file) => file.name === name).map((file) => file.tokens);
  if (sizes.length === 0) {
    const names = [...new Set(files.map((file) => file.name))];
    throw new UsageError(`there is no source prompt ${name} in ${folder}; it holds ${names.join(", ") || "none"}`);
  }
  if (tokens === undefined && sizes.length > 1)
    throw new UsageError(`there are source prompts ${name} of ${sizes.join(", ")} tokens in ${folder}: choose one with --tokens`);
  const size = sizes.find((one) => tokens === undefined || one === tokens);
  if (size === undefined) throw new UsageError(`${folder} holds no source prompt ${name} of ${tokens} tokens, but of ${sizes.join(", ")}`);
  return join(publicFolder, sourcePromptPath(backbone, name, size));
}

/** The source prompts of a backbone's folder, by name and then by size. */
async function filesIn(folder: string): Promise<PromptFile[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .flatMap((file) => {
      const [, name, tokens] = /^(.+)-([1-9]\d*)\.json$/.exec(file) ?? [];
      return name === undefined ? [] : [{ name, tokens: Number(tokens) }];
    })
    .sort((a, b) => (a.name === b.name ? a.tokens - b.tokens : a.name < b.name ? -1 : 1));
}

async function readPrompt(path: string): Promise<SourcePrompt> {
  const { parseSourcePrompt } = await import("@tutti/model");
  return parseSourcePrompt(await readFile(path, "utf8"), path);
}
