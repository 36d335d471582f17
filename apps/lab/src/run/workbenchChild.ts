import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, editedTokensOf, initialParams, type RunSettings, shapesOf, tunedEntries, tunings } from "@tutti/core";
import { type Example, findClassification, findTask, loadDataset, numClassesOf, type TextExample } from "@tutti/data";
import { rememberDatasets } from "@tutti/data/node";
import { createTrainer, startBackend, trainSourcePrompt } from "@tutti/model";
import { fetchFile, loadBackboneFolder, localUrls, writeSourcePrompt } from "@tutti/model/node";
import { sourceRecipe } from "@tutti/model/sourceRecipe";
import { readBackboneSizes } from "@tutti/server";
import { makeRandomBackbone } from "../drive/randomBackbone.ts";
import type { Calibration, TaskSize } from "../experiment/estimate.ts";
import { replay } from "./replay.ts";
import { scoreLayersAgain } from "./scoreLayersAgain.ts";
import type { Job, JobAnswer, SourcePromptInput, WorkbenchJobs } from "./workbench.ts";

type Jobs = {
  readonly [K in keyof WorkbenchJobs]: (input: Parameters<WorkbenchJobs[K]>[0], publicDir: string) => Promise<ReturnType<WorkbenchJobs[K]>>;
};

const jobs: Jobs = {
  replay,
  scoreLayersAgain,
  calibrate,
  sizes: ({ tasks }, publicDir) => Promise.all(tasks.map((task) => sizeOf(task, publicDir))),
  sourcePrompt,
  async randomBackbone(input, publicDir) {
    await startBackend("wasm");
    await makeRandomBackbone(join(publicDir, "backbones", input.like), input);
    return null;
  },
};

/** As `tutti prompt train` makes one: some minutes where texts are long. */
async function sourcePrompt({ source, backbone, promptTokens, targets }: SourcePromptInput, publicDir: string): Promise<null> {
  await startBackend("wasm", { threads: 1 });
  const fetchOf = (folder: string) => (file: string) => readFile(join(publicDir, "datasets", folder, file), "utf8");
  const task = findClassification(source, "training a source prompt");
  const dataset = await loadDataset(task, fetchOf(task.dataset));
  const testOf = async (name: string) => {
    const target = findTask(name);
    return (await loadDataset(target, fetchOf(target.dataset))).test;
  };
  const tested = await Promise.all(targets.map(async (name) => ({ task: name, test: await testOf(name) })));
  const loaded = await loadBackboneFolder(join(publicDir, "backbones", backbone));
  const options = { name: source, backboneName: backbone, promptTokens, targets: tested, ...sourceRecipe };
  await writeSourcePrompt(publicDir, (await trainSourcePrompt(loaded, task, dataset, options)).prompt);
  return null;
}

async function sizeOf(name: string, publicDir: string): Promise<TaskSize> {
  const task = findTask(name);
  const { train, validation, test } = await loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"));
  const characters = train.reduce((sum: number, example: Example | TextExample) => sum + numCharacters(example), 0);
  const numEvaluated = validation.length + test.length;
  return { task: name, meanCharacters: characters / train.length, numTrain: train.length, numEvaluated, numTest: test.length };
}

/** Of all that is read of an example. */
function numCharacters(example: Example | TextExample): number {
  const { text } = example;
  if (!("kind" in example)) return text.length + (example.textB?.length ?? 0);
  if (example.kind === "continuation") return text.length;
  return (example.turns ?? []).reduce((sum, { content }) => sum + content.length, text.length + example.answer.length);
}

/** A run's tuning, or a soft prompt in place of one of words, which no step trains. */
function trainable({ tuning }: RunSettings): RunSettings["tuning"] {
  const promptTokens = editedTokensOf(tuning);
  return promptTokens === null ? tuning : { ...tuning, ...tunings.inputPrompt.defaults, promptTokens };
}

/** Trains one epoch of one device's share and evaluates it, twice, since the first time compiles. */
async function calibrate({ run: given }: { readonly run: RunSettings }, publicDir: string): Promise<Calibration> {
  const size = await sizeOf(given.task, publicDir);
  const numDevices = Math.max(1, Math.round(size.numTrain / 48));
  const run = { ...given, tuning: trainable(given), numDevices, minDevices: 1, cohortSize: 1, partition: { kind: "iid" as const } };
  const trainer = createTrainer({ fetch: fetchFile });
  await trainer.start({ run, ...localUrls(publicDir, run), backend: "wasm", threads: 1 }, () => undefined);
  const { numExamples } = await trainer.addDevice(0, { kind: "share", index: 0 });
  const entries = tunedEntries(readBackboneSizes(publicDir, run.backbone), run.tuning, numClassesOf(findTask(run.task)));
  const params = initialParams(entries, createRandom(run.seed));
  const expects = {
    shapes: shapesOf(params),
    encoding: run.contributionEncoding,
    batchSize: run.training.batchSize,
    numExamples,
  };
  const shared = { deviceId: 0, stage: "train", round: 1, attempt: 1, parameterSets: { global: params }, expects } as const;
  const seconds = async (spec: Parameters<typeof trainer.compute>[0]["spec"]) => {
    const start = performance.now();
    await trainer.compute({ ...shared, spec }, null);
    return (performance.now() - start) / 1000;
  };
  const train = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false } as const;
  const evaluate = { kind: "evaluate", protocols: ["global"], splits: ["validation", "test"] } as const;
  await seconds(train);
  const trainSeconds = (await seconds(train)) / numExamples;
  await seconds(evaluate);
  const predictSeconds = (await seconds(evaluate)) / Math.max(1, size.numEvaluated / numDevices);
  await trainer.stop();
  return { ...size, backbone: run.backbone, tuning: run.tuning.method, trainSeconds, predictSeconds };
}

async function answer({ kind, input, publicDir }: Job): Promise<unknown> {
  await rememberDatasets(publicDir);
  const job = jobs[kind] as (given: Job["input"], folder: string) => Promise<unknown>;
  return job(input, publicDir);
}

const tell = (answer: JobAnswer) => process.send?.(answer);
let last: Promise<unknown> = Promise.resolve();
process.on("disconnect", () => process.exit(0));
process.on("message", (job: Job) => {
  last = last
    .then(() => answer(job))
    .then((value) => tell({ id: job.id, value }))
    .catch((error: unknown) => tell({ id: job.id, error: error instanceof Error ? error.message : String(error) }));
});
