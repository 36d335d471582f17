import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addTextSums, compareTexts, measureText, needsAnswers, noText, presets, type RunSettings, type TextSums } from "@tutti/core";
import { type Dataset, dealDataset, loadDataset, type TextExample, type TextTask } from "@tutti/data";
import { createTextPredictor, generationOf, startBackend, type TextPredictor } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";
import type { Replay, ReplayInput } from "./workbench.ts";

const correctNote = "answers that are texts are not replayed row by row";

/** What a run of a text task is compared with: its backbone as it was, by the same metric and on the same test rows. No row has a class, and so no row is predicted again. */
export async function replayTexts(input: ReplayInput, task: TextTask, publicDir: string): Promise<Replay> {
  return { majority: null, zeroShot: await untunedScore(input, task, publicDir), correct: null, answers: null, correctNote };
}

/** By all that it depends on: it is the same in many runs, so it is asked for once. */
const untunedScores = new Map<string, Promise<number | null>>();

function untunedScore({ run, metric }: ReplayInput, task: TextTask, publicDir: string): Promise<number | null> {
  const { backbone, seed, numDevices, partition, generation } = run;
  const key = JSON.stringify([publicDir, task.name, metric, backbone, seed, numDevices, partition, generation]);
  const known = untunedScores.get(key) ?? measureUntuned(run, metric, task, publicDir);
  untunedScores.set(key, known);
  return known;
}

async function measureUntuned(run: RunSettings, metric: ReplayInput["metric"], task: TextTask, publicDir: string): Promise<number | null> {
  if (metric !== "tokenAccuracy" && !needsAnswers(metric))
    throw new Error(`${metric} is no metric of texts, and ${task.name} is a ${task.kind} task`);
  const dataset = await loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"), run.seed);
  await startBackend("wasm", { threads: 1 });
  const backbone = await loadBackboneFolder(join(publicDir, "backbones", run.backbone));
  const tuning = { ...presets.default.tuning, head: "labelWords" } as const;
  const predictor = await createTextPredictor(backbone, { task: task.name, seed: run.seed, tuning }, {});
  try {
    if (needsAnswers(metric)) return measureText(metric, await answerAgain(predictor, run, task, dataset), 0);
    const { text, lossSum } = await predictor.score(dataset.test, "backbone");
    return measureText(metric, text, lossSum);
  } finally {
    predictor.dispose();
  }
}

/** Answers the test rows that the run's devices answer. */
async function answerAgain(predictor: TextPredictor, run: RunSettings, task: TextTask, dataset: Dataset<TextExample>): Promise<TextSums> {
  const { maxGenerated, maxNewTokens } = generationOf(run, "test");
  const rows = dealDataset(task, dataset, run).shares.flatMap(({ globalTest }) => globalTest.slice(0, maxGenerated));
  let sums = noText;
  for (const example of rows.flatMap((row) => dataset.test[row] ?? [])) {
    const reference = example.kind === "reply" ? example.answer : example.text;
    const generated = compareTexts(reference, await predictor.answer(example, { maxNewTokens, of: "backbone" }));
    sums = addTextSums(sums, { ...noText, generated });
  }
  return sums;
}
