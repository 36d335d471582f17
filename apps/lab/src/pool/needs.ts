import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type RunSettings, sourcePromptPath } from "@tutti/core";
import { findTask } from "@tutti/data";
import { ExperimentError } from "../experiments/experimentFile.ts";
import type { PlannedRun } from "../experiments/runPlan.ts";
import type { Workbench } from "./workbench.ts";

/** A backbone that the lab makes by itself: `random-12` has 12 random layers as wide as minuet's. */
const randomName = /^random-(\d{1,3})$/;

/** Throws an ExperimentError that lists what the runs need and a public folder lacks, each with the command that gets it. */
export function requireFiles(publicDir: string, runs: readonly PlannedRun[]): void {
  const lacking = new Set<string>();
  for (const { settings, task } of runs) {
    const { dataset, files } = findTask(task);
    const names = [files.train, files.validation, files.test].filter((file) => file !== null);
    if (names.some((file) => !existsSync(join(publicDir, "datasets", dataset, file))))
      lacking.add(`the data set ${dataset}: npm run tutti -- data add ${dataset}`);
    const { backbone } = settings;
    if (!randomName.test(backbone) && !existsSync(join(publicDir, "backbones", backbone, "manifest.json")))
      lacking.add(`the backbone ${backbone}: npm run tutti -- backbone add`);
    for (const source of missingSources(publicDir, settings)) {
      if (!existsSync(join(publicDir, "datasets", source, findTask(source).files.train)))
        lacking.add(`the data set ${source}, to train a source prompt on: npm run tutti -- data add ${source}`);
    }
  }
  if (lacking.size > 0)
    throw new ExperimentError(`the experiment needs what is not there yet:\n${[...lacking].map((line) => `  ${line}`).join("\n")}`);
}

function missingSources(publicDir: string, { backbone, tuning }: RunSettings): readonly string[] {
  if (tuning.method !== "attempt") return [];
  const { sources, promptTokens } = tuning;
  return sources.filter((source) => !existsSync(join(publicDir, sourcePromptPath(backbone, source, promptTokens))));
}

/** Trains the source prompts that runs need and that are not there yet; `say` is told of each. */
export async function prepareSources(
  publicDir: string,
  runs: readonly PlannedRun[],
  workbench: Workbench,
  say: (line: string) => void,
): Promise<void> {
  for (const { settings } of runs) {
    for (const source of missingSources(publicDir, settings)) {
      const { backbone, tuning } = settings;
      if (tuning.method !== "attempt") continue;
      const users = runs.filter(({ settings: { tuning: other } }) => other.method === "attempt" && other.sources.includes(source));
      const targets = [...new Set(users.map(({ task }) => task))];
      const { promptTokens, head } = tuning;
      say(`Training the source prompt ${source} of ${promptTokens} tokens …`);
      await workbench.do("sourcePrompt", { source, backbone, promptTokens, head, targets });
    }
  }
}

/** The public folder, or where runs need backbones of random layers a folder of its own with those beside what is in it. */
export async function preparePublic(
  publicDir: string,
  out: string,
  runs: readonly PlannedRun[],
  workbenchOf: (folder: string) => Workbench,
): Promise<string> {
  const depths = new Set(runs.flatMap(({ settings }) => randomName.exec(settings.backbone)?.[1] ?? []));
  if (depths.size === 0) return publicDir;
  const own = resolve(out, "public");
  await mkdir(join(own, "backbones"), { recursive: true });
  for (const name of ["datasets", "prompts", "backbones/minuet"]) {
    if (existsSync(join(publicDir, name)) && !existsSync(join(own, name))) await symlink(resolve(publicDir, name), join(own, name));
  }
  const workbench = workbenchOf(own);
  for (const depth of depths) {
    const folder = join(own, "backbones", `random-${depth}`);
    if (!existsSync(join(folder, "manifest.json")))
      await workbench.do("randomBackbone", { like: "minuet", numLayers: Number(depth), folder });
  }
  return own;
}
