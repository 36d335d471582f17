import { stat } from "node:fs/promises";
import { join } from "node:path";
import { formatCount, formatWhole } from "@tutti/core";
import type { ClassificationTask, Dataset, Example } from "@tutti/data";
import { loadTask } from "../backbones/dataset.ts";
import { folderOf } from "../backbones/folders.ts";
import { UsageError } from "../exitCodes.ts";
import { createProgress, type Progress } from "../progress.ts";

export interface TrainPromptFlags {
  readonly name?: string;
  readonly backbone: string;
  readonly tokens: number;
  readonly steps: number;
  readonly rate: number;
  readonly batch: number;
  readonly seed: number;
  readonly maxRows?: number;
  readonly head: "linear" | "labelWords";
  readonly for?: string;
  readonly backend: "wasm" | "cpu";
  readonly public: string;
}

/** Where progress goes and what stops the training. */
export interface TrainPromptPorts {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** `tutti prompt train`. */
export async function trainPrompt(taskName: string, flags: TrainPromptFlags, ports: TrainPromptPorts = {}): Promise<void> {
  const { progress = createProgress(), signal } = ports;
  const name = flags.name ?? taskName.replaceAll("/", "-");
  requireName(name);
  const folder = await folderOf(join(flags.public, "backbones"), flags.backbone);
  const { definition, dataset } = await taskWithRows(taskName, flags.public);
  const targets = await Promise.all(
    (flags.for?.split(",") ?? []).map(async (text) => {
      const target = await taskWithRows(text.trim(), flags.public);
      return { task: target.definition.name, test: target.dataset.test };
    }),
  );
  const train = await rowsOf(dataset, flags);
  const { startBackend, trainSourcePrompt } = await import("@tutti/model");
  const { loadBackboneFolder, writeSourcePrompt } = await import("@tutti/model/node");
  await startBackend(flags.backend);
  const backbone = await loadBackboneFolder(folder);
  const numWords = backbone.config.vocabSize;
  if (flags.tokens > numWords)
    throw new UsageError(
      `--tokens ${flags.tokens}: each row starts as another word, and ${flags.backbone} has ${numWords} words: use fewer`,
    );
  progress.say(`scoring ${formatCount(dataset.validation.length, "validation row")}`);
  const { prompt } = await trainSourcePrompt(
    backbone,
    definition,
    { train, validation: dataset.validation },
    {
      name,
      backboneName: flags.backbone,
      promptTokens: flags.tokens,
      head: flags.head,
      numSteps: flags.steps,
      targets,
      batchSize: flags.batch,
      learningRate: flags.rate,
      seed: flags.seed,
      onStep: ({ step, numSteps, loss }) => progress.bar(`loss ${loss.toFixed(3)}, step`, step, numSteps),
      signal,
    },
  ).finally(() => progress.clear());
  signal?.throwIfAborted();
  const path = await writeSourcePrompt(flags.public, prompt);
  console.log(`${path}: ${flags.tokens} rows of ${prompt.shape[1]} values, trained on ${formatCount(train.length, "row")} of ${taskName}`);
  const { validation } = prompt;
  if (validation !== undefined)
    console.log(
      `Validation accuracy ${validation.before.toFixed(3)} before, ${validation.after.toFixed(3)} after (${formatCount(validation.numExamples, "row")})`,
    );
  console.log(`Runs name it in their settings: tuning: { method: attempt, promptTokens: ${flags.tokens}, sources: [${name}], … }`);
}

/** Refuses what settings cannot name. */
function requireName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new UsageError(`${name} cannot be a source prompt's name: use letters, digits, dots, dashes and underscores`);
}

const training = "training a source prompt";

/** A task whose rows are there; a usage error with the command that brings them where they are not. */
async function taskWithRows(name: string, publicFolder: string): Promise<{ definition: ClassificationTask; dataset: Dataset }> {
  const { findClassification, taskSources } = await import("@tutti/data");
  const { rememberDatasets } = await import("@tutti/data/node");
  await rememberDatasets(publicFolder);
  const task = found(() => findClassification(name, training));
  const path = join(publicFolder, "datasets", task.dataset, task.files.train);
  if ((await stat(path).catch(() => null)) !== null) return loadTask(name, publicFolder, training);
  const isOnHub = Object.hasOwn(taskSources, name) && taskSources[name]?.hub !== null;
  const command = isOnHub ? `tutti data add ${name}` : `tutti data add FOLDER --name ${task.dataset}`;
  throw new UsageError(`the rows of ${name} are not there (${path}): \`${command}\` adds them`);
}

function found(find: () => ClassificationTask): ClassificationTask {
  try {
    return find();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** All training rows, or the number asked for, drawn with the seed. */
async function rowsOf({ train }: Dataset, { maxRows, seed }: TrainPromptFlags): Promise<readonly Example[]> {
  if (maxRows === undefined || maxRows === train.length) return train;
  if (maxRows > train.length) throw new UsageError(`--max-rows ${maxRows}: there are ${formatWhole(train.length)} training rows`);
  const { drawExamples } = await import("@tutti/data");
  return drawExamples(train, maxRows, { seed, purpose: "sourcePromptRows" })[1];
}
