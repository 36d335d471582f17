import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { measureText, needsAnswers, type Params, presets, type RunSettings } from "@tutti/core";
import { type Dataset, loadDataset, type TextExample, type TextTask } from "@tutti/data";
import { createTextPredictor, fetchSourcePrompts, generationOf, startBackend, type TextPredictor } from "@tutti/model";
import { loadBackboneFolder } from "@tutti/model/node";
import type { RowScores } from "@tutti/record";
import { type AnsweredRun, compareRows, meanScore, type TextPlace } from "./answeredRows.ts";
import { scoreProxyModels } from "./proxyModels.ts";
import type { Replay, ReplayInput } from "./workbench.ts";

/**
 * Answers every test row once more that the run's devices answered, with the parameters of the row's device, since devices send sums alone; what does
 * not come to the reported score is not handed out. Beside it stand the scores of the backbone as it was, and of other models that the strategy makes.
 */
export async function replayTexts(input: ReplayInput, task: TextTask, publicDir: string): Promise<Replay> {
  const { run, metric, paramsOf, reportedScore } = input;
  const place: TextPlace = { task, publicDir, dataset: await readDataset(run, task, publicDir) };
  await startBackend("wasm", { threads: 1 });
  const classless = { majority: null, correct: null, answers: null, zeroShot: await untunedScore(input, place) };
  if (!needsAnswers(metric)) return { ...classless, correctNote: "token accuracy is no mean over test rows, so rows are not compared" };
  const without = (correctNote: string): Replay => ({ ...classless, answerScores: null, correctNote });
  if (paramsOf === null) return without("the parameters of the last evaluation are not known");
  if (reportedScore === null) return without("no answer was generated under the global protocol");
  const answered: AnsweredRun = { run, metric, paramsOf };
  const answerScores = await tunedScores(answered, place);
  const replayed = meanScore(answerScores);
  if (!(Math.abs(replayed - reportedScore) <= 1e-9))
    return without(`the replay in Node scored ${replayed}, the run on ${input.backend} ${reportedScore}`);
  const otherModels = await scoreProxyModels(answered, place);
  return { ...classless, answerScores, correctNote: null, ...(otherModels.length === 0 ? {} : { otherModels }) };
}

function readDataset(run: RunSettings, task: TextTask, publicDir: string): Promise<Dataset<TextExample>> {
  return loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"), run.seed);
}

/** By all that it depends on: it is the same in many runs, so it is asked for once. */
const untunedScores = new Map<string, Promise<number | null>>();

function untunedScore(input: ReplayInput, place: TextPlace): Promise<number | null> {
  const { backbone, seed, numDevices, generation } = input.run;
  const key = JSON.stringify([place.publicDir, place.task.name, input.metric, backbone, seed, numDevices, generation]);
  const known = untunedScores.get(key) ?? measureUntuned(input, place);
  untunedScores.set(key, known);
  return known;
}

async function measureUntuned({ run, metric }: ReplayInput, place: TextPlace): Promise<number | null> {
  const { task, dataset } = place;
  const tuning = { ...presets.default.tuning, head: "labelWords" } as const;
  return withPredictor(place, { ...run, tuning }, {}, async (predictor, maxNewTokens) => {
    if (needsAnswers(metric)) {
      return meanScore(await compareRows({ run, metric }, place, (example) => predictor.answer(example, { maxNewTokens, of: "backbone" })));
    }
    if (metric !== "tokenAccuracy") throw new Error(`${metric} does not score texts, and ${task.name} is a ${task.kind} task`);
    const { text, lossSum } = await predictor.score(dataset.test, "backbone");
    return measureText(metric, text, lossSum);
  });
}

/** Of every answered row, with what its device used. */
async function tunedScores(answered: AnsweredRun, place: TextPlace): Promise<RowScores> {
  const { run, paramsOf } = answered;
  const [first = {}] = paramsOf.values();
  return withPredictor(place, run, first, (predictor, maxNewTokens) =>
    compareRows(answered, place, (example, deviceId) => predictor.answer(example, { maxNewTokens, params: paramsOf.get(deviceId) })),
  );
}

async function withPredictor<T>(
  { publicDir }: TextPlace,
  run: RunSettings,
  params: Params,
  use: (predictor: TextPredictor, maxNewTokens: number) => Promise<T>,
): Promise<T> {
  const backbone = await loadBackboneFolder(join(publicDir, "backbones", run.backbone));
  const sources = await fetchSourcePrompts(run, (path) => readFile(join(publicDir, path), "utf8"));
  const predictor = await createTextPredictor(backbone, run, params, sources);
  try {
    return await use(predictor, generationOf(run, "test").maxNewTokens);
  } finally {
    predictor.dispose();
  }
}
