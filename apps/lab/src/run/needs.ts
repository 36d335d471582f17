import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type RunSettings, sourcePromptPath, sourcePromptsOf, tuningMisfits, tuningOf } from "@tutti/core";
import {
  type Dataset,
  type Example,
  findTask,
  loadDataset,
  sharedText,
  type TaskDefinition,
  type TextExample,
  textIndex,
} from "@tutti/data";
import { readBackboneSizes } from "@tutti/server";
import { z } from "zod";
import { ExperimentError } from "../experiment/experimentFile.ts";
import type { PlannedRun } from "../experiment/plannedRun.ts";
import { taskMisfits } from "./taskFit.ts";
import type { Workbench } from "./workbench.ts";

/** A backbone that the lab makes by itself: `random-12` has 12 random layers as wide as minuet's. */
const randomName = /^random-(\d{1,3})$/;

/** Throws an ExperimentError that lists what the runs need and a public folder lacks, each with the command that gets it. */
export function requireFiles(publicDir: string, runs: readonly Pick<PlannedRun, "task" | "settings">[]): void {
  const lacking = new Set<string>();
  for (const { settings, task } of runs) {
    const definition = findTask(task);
    const { dataset } = definition;
    if (!isThere(publicDir, definition)) lacking.add(`the data set ${dataset}; get it with \`tutti data add ${dataset}\``);
    const { backbone } = settings;
    if (!randomName.test(backbone) && !existsSync(join(publicDir, "backbones", backbone, "manifest.json")))
      lacking.add(`the backbone ${backbone}; get it with \`tutti backbone add\``);
    for (const source of missingSources(publicDir, settings)) {
      if (!existsSync(join(publicDir, "datasets", source, findTask(source).files.train)))
        lacking.add(`the data set ${source}, to train a source prompt on; get it with \`tutti data add ${source}\``);
    }
  }
  if (lacking.size > 0) throw new ExperimentError(`these are missing:\n${[...lacking].map((line) => `  ${line}`).join("\n")}`);
  const ofTasks = runs.flatMap((run) => taskMisfits(publicDir, run, randomName.test(run.settings.backbone)));
  refuse(ofTasks, "these runs do not go with their task");
  refuse(
    runs.flatMap((run) => misfitsOf(publicDir, run)),
    "these settings do not fit their backbone",
  );
}

/** What of a run's tuning does not fit its backbone; one that the lab makes by itself is judged when it is there. */
function misfitsOf(publicDir: string, { settings: { backbone, tuning } }: Pick<PlannedRun, "settings">): string[] {
  if (tuningOf(tuning).misfits === undefined || randomName.test(backbone)) return [];
  return tuningMisfits(readBackboneSizes(publicDir, backbone), tuning).map((line) => `on ${backbone}: ${line}`);
}

function refuse(faults: readonly string[], what: string): void {
  const lines = [...new Set(faults)].map((line) => `  ${line}`);
  if (lines.length > 0) throw new ExperimentError(`${what}:\n${lines.join("\n")}`);
}

function missingSources(publicDir: string, { backbone, tuning }: RunSettings): readonly string[] {
  const needed = sourcePromptsOf(tuning);
  if (needed === null) return [];
  const { sources, promptTokens } = needed;
  return sources.filter((source) => !existsSync(join(publicDir, sourcePromptPath(backbone, source, promptTokens))));
}

/** Trains the source prompts that runs need and that are not there yet, after a look at those that are; `say` is told of each. */
export async function prepareSources(
  publicDir: string,
  runs: readonly PlannedRun[],
  workbench: Workbench,
  say: (line: string) => void,
): Promise<void> {
  await refuseSharedSources(publicDir, runs);
  for (const { settings } of runs) {
    for (const source of missingSources(publicDir, settings)) {
      const { backbone, tuning } = settings;
      const promptTokens = sourcePromptsOf(tuning)?.promptTokens;
      if (promptTokens === undefined) continue;
      const users = runs.filter(({ settings: other }) => sourcePromptsOf(other.tuning)?.sources.includes(source));
      const targets = [...new Set(users.map(({ task }) => task))];
      say(`Training the source prompt ${source} of ${promptTokens} tokens …`);
      await workbench.do("sourcePrompt", { source, backbone, promptTokens, targets });
    }
  }
}

/** What a source prompt's file says that it was trained on. */
const trainedSchema = z.looseObject({ task: z.string() });

/** Throws an ExperimentError where a source prompt that is there was trained on text that a run is then tested on. */
async function refuseSharedSources(publicDir: string, runs: readonly PlannedRun[]): Promise<void> {
  const targetsOf = new Map<string, Set<string>>();
  for (const { settings, task } of runs) {
    const { backbone, tuning } = settings;
    const needed = sourcePromptsOf(tuning);
    if (needed === null) continue;
    const missing = missingSources(publicDir, settings);
    for (const source of needed.sources.filter((one) => !missing.includes(one))) {
      const file = sourcePromptPath(backbone, source, needed.promptTokens);
      targetsOf.set(file, (targetsOf.get(file) ?? new Set()).add(task));
    }
  }
  for (const [file, targets] of targetsOf) await refuseSharedSource(publicDir, file, targets);
}

async function refuseSharedSource(publicDir: string, file: string, targets: ReadonlySet<string>): Promise<void> {
  const trained = trainedSchema.safeParse(parsed(await readFile(join(publicDir, file), "utf8")));
  if (!trained.success)
    throw new ExperimentError(`${file} does not say which task it was trained on; remove it, and the lab trains it again`);
  const source = trained.data.task;
  const known = await rowsThere(publicDir, source);
  if (known === null) return;
  const index = textIndex(known.train);
  for (const target of targets) {
    const tested = await rowsThere(publicDir, target);
    if (tested === null) continue;
    const { numShared, numTest } = sharedText(index, tested.test);
    if (numShared > 0)
      throw new ExperimentError(
        `${file} cannot be used for ${target}: ${numShared} of its ${numTest} test texts are also in the training data of ${source}; remove ${source} from tuning.sources`,
      );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A task's rows; null where the task or its data set is not here. */
async function rowsThere(publicDir: string, name: string): Promise<Dataset<Example | TextExample> | null> {
  let task: TaskDefinition;
  try {
    task = findTask(name);
  } catch {
    return null;
  }
  return isThere(publicDir, task) ? loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8")) : null;
}

function isThere(publicDir: string, { dataset, files }: TaskDefinition): boolean {
  const names = [files.train, files.validation, files.test].filter((file) => file !== null);
  return names.every((file) => existsSync(join(publicDir, "datasets", dataset, file)));
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
  const backbones = await readdir(join(publicDir, "backbones")).catch(() => []);
  const whole = backbones.map((name) => `backbones/${name}`).filter((name) => existsSync(join(publicDir, name, "manifest.json")));
  for (const name of ["datasets", "prompts", ...whole]) {
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
