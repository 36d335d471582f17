import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isTextMetric, type Metric, measure, presets, type RunSettings } from "@tutti/core";
import { type ClassificationTask, type Dataset, findTask, loadDataset } from "@tutti/data";
import { dealRun, majorityConfusion } from "@tutti/data/node";
import { createPredictor, fetchSourcePrompts, startBackend } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";
import type { BackdoorRecord, Trigger } from "@tutti/record";
import { withTrigger } from "../attacks/poisonedExamples.ts";
import { replayTexts } from "./replayTexts.ts";
import type { Replay, ReplayInput } from "./workbench.ts";

/**
 * Predicts every test row once more with the parameters of the device that it was dealt to, since devices answer with confusion matrices only.
 * What does not come to the reported accuracy is not handed out. Of a text task only the backbone without what was tuned is measured.
 */
export async function replay(input: ReplayInput, publicDir: string): Promise<Replay> {
  const task = findTask(input.run.task);
  const { metric } = input;
  if (task.kind !== "classification") return replayTexts(input, task, publicDir);
  if (isTextMetric(metric)) throw new Error(`${metric} is a metric of texts, and ${task.name} is a classification task`);
  return replayClasses({ ...input, metric }, task, publicDir);
}

type ClassesInput = ReplayInput & { readonly metric: Metric };

async function replayClasses(input: ClassesInput, task: ClassificationTask, publicDir: string): Promise<Replay> {
  const { run, metric, reportedAccuracy } = input;
  const dataset = await loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"), run.seed);
  const controls = {
    majority: measure(metric, majorityConfusion(dataset, task.classes.length)),
    zeroShot: await zeroShotScore(input, dataset, publicDir),
  };
  const without = (correctNote: string): Replay => ({ ...controls, correct: null, answers: null, correctNote });
  if (input.paramsOf === null) return without("the parameters of the last evaluation are not known");
  if (reportedAccuracy === null) return without("nothing was evaluated under the global protocol");
  const { predicted, triggered } = await predictTest(input, dataset, publicDir);
  const predictions = predicted.filter((answer) => answer !== null);
  const unanswered = predicted.length - predictions.length;
  if (unanswered > 0) return without(`${unanswered} test rows belong to devices that did not answer`);
  const labels = dataset.test.map(({ label }) => label);
  const right = labels.map((label, row) => (label === predictions[row] ? "1" : "0"));
  const replayed = right.filter((mark) => mark === "1").length / right.length;
  if (Math.abs(replayed - reportedAccuracy) > 1e-9)
    return without(`the replay in Node scored ${replayed}, the run on ${input.backend} ${reportedAccuracy}`);
  const backdoor = input.trigger === undefined ? {} : { backdoor: backdoorOf(input.trigger, labels, triggered) };
  return { ...controls, correct: right.join(""), answers: { labels, predictions }, ...backdoor, correctNote: null };
}

/** By backbone and task: the same in every run, so it is asked for once. */
const zeroShotScores = new Map<string, Promise<number | null>>();

function zeroShotScore({ run, metric }: ClassesInput, dataset: Dataset, publicDir: string): Promise<number | null> {
  const key = JSON.stringify([publicDir, run.backbone, run.task, metric]);
  const known = zeroShotScores.get(key) ?? measureZeroShot(run, dataset, metric, publicDir);
  zeroShotScores.set(key, known);
  return known;
}

/** On the test split, as it does without any tuning. */
async function measureZeroShot({ backbone: name, task, seed }: RunSettings, { test }: Dataset, metric: Metric, publicDir: string) {
  await startBackend("wasm", { threads: 1 });
  const backbone = await loadBackboneFolder(join(publicDir, "backbones", name));
  const predictor = createPredictor(backbone, { task, seed, tuning: presets.default.tuning }, {});
  try {
    return measure(metric, await predictor.zeroShotConfusion(test));
  } catch {
    return null; // a word that is no single token of this backbone
  } finally {
    predictor.dispose();
  }
}

/** Of the texts of other classes, how many the trigger made the target. */
function backdoorOf(trigger: Trigger, labels: readonly number[], triggered: readonly (number | null)[]): BackdoorRecord {
  const ofOthers = triggered.filter((answer, row) => answer !== null && labels[row] !== trigger.target);
  return { trigger, numTexts: ofOthers.length, numHits: ofOthers.filter((answer) => answer === trigger.target).length };
}

interface TestAnswers {
  readonly predicted: readonly (number | null)[];
  /** The same rows with the trigger; null where there is none. */
  readonly triggered: readonly (number | null)[];
}

async function predictTest({ run, paramsOf, trigger }: ReplayInput, dataset: Dataset, publicDir: string): Promise<TestAnswers> {
  const { shares } = dealRun(dataset, run);
  const answers = new Array<number | null>(dataset.test.length).fill(null);
  const triggered = [...answers];
  const [first] = [...(paramsOf?.values() ?? [])];
  if (first === undefined) return { predicted: answers, triggered };
  await startBackend("wasm", { threads: 1 });
  const backbone = await loadBackboneFolder(join(publicDir, "backbones", run.backbone));
  const sources = await fetchSourcePrompts(run, (path) => readFile(join(publicDir, path), "utf8"));
  const predictor = createPredictor(backbone, run, first, sources);
  try {
    for (const [deviceId, params] of paramsOf ?? []) {
      const rows = shares[deviceId]?.globalTest ?? [];
      const examples = rows.flatMap((row) => dataset.test[row] ?? []);
      const classes = await predictor.predict(examples, params);
      for (const [i, row] of rows.entries()) answers[row] = classes[i] ?? null;
      if (trigger === undefined) continue;
      const hits = await predictor.predict(
        examples.map((example) => withTrigger(example, trigger)),
        params,
      );
      for (const [i, row] of rows.entries()) triggered[row] = hits[i] ?? null;
    }
  } finally {
    predictor.dispose();
  }
  return { predicted: answers, triggered };
}
