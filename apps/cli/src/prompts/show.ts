import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SourcePrompt } from "@tutti/model";
import { count, listing, table } from "../backbones/text.ts";
import { UsageError } from "../exitCodes.ts";

interface PlaceFlags {
  readonly public: string;
}

/** Says which prompt: names are those of a backbone. */
export interface OnePromptFlags extends PlaceFlags {
  readonly backbone: string;
}

/** `tutti prompt list`. */
export async function listPrompts({ public: publicFolder }: PlaceFlags): Promise<void> {
  const folder = join(publicFolder, "prompts");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const backbones = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const names = await Promise.all(backbones.sort().map(async (backbone) => [backbone, await namesIn(join(folder, backbone))] as const));
  const places = names.flatMap(([backbone, prompts]) =>
    prompts.map((prompt) => ({ backbone, path: join(folder, backbone, `${prompt}.json`) })),
  );
  if (places.length === 0) return console.log(`No source prompts in ${folder}; \`tutti prompt train\` makes one.`);
  const prompts = await Promise.all(places.map(({ path }) => readPrompt(path)));
  const rows = prompts.map(({ name, backbone, task, numExamples, numSteps, shape, validation }) => [
    name,
    backbone,
    task,
    count(numExamples),
    count(numSteps),
    shape.join(" × "),
    validation === undefined ? "-" : `${validation.before.toFixed(3)} → ${validation.after.toFixed(3)}`,
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
      ["task", `${task}, ${count(numExamples)} training rows`],
      ["size", `${shape[0]} tokens of ${shape[1]} values`],
      [
        "training",
        `${count(numSteps)} steps${batchSize === undefined ? "" : ` of ${batchSize} texts`}, rate ${learningRate}, seed ${seed}`,
      ],
      ["head meanwhile", head ?? "not on record"],
      [
        "validation accuracy",
        validation === undefined
          ? "not on record"
          : `${validation.before.toFixed(3)} before, ${validation.after.toFixed(3)} after, on ${count(validation.numExamples)} rows`,
      ],
      ["root mean square", Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length).toPrecision(3)],
    ]),
  );
}

/** `tutti prompt remove`. */
export async function removePrompt(name: string, flags: OnePromptFlags): Promise<void> {
  const path = await pathOf(name, flags);
  await rm(path);
  console.log(`${path} is removed.`);
}

/** The file of a source prompt that is there; a usage error that lists those there are. */
async function pathOf(name: string, { public: publicFolder, backbone }: OnePromptFlags): Promise<string> {
  const folder = join(publicFolder, "prompts", backbone);
  const names = await namesIn(folder);
  if (names.includes(name)) return join(folder, `${name}.json`);
  throw new UsageError(`there is no source prompt ${name} in ${folder}; it holds ${names.join(", ") || "none"}`);
}

async function namesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

async function readPrompt(path: string): Promise<SourcePrompt> {
  const { parseSourcePrompt } = await import("@tutti/model");
  return parseSourcePrompt(await readFile(path, "utf8"), path);
}
