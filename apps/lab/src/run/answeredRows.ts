import { compareTexts, type DeviceId, type Params, type RunSettings } from "@tutti/core";
import { type Dataset, dealDataset, type TextExample, type TextTask } from "@tutti/data";
import { generationOf } from "@tutti/model";
import type { RowScores } from "@tutti/record";

/** Where the rows of a text task are. */
export interface TextPlace {
  readonly task: TextTask;
  readonly publicDir: string;
  readonly dataset: Dataset<TextExample>;
}

/** A run whose generated answers are known again. */
export interface AnsweredRun {
  readonly run: RunSettings;
  readonly metric: "rougeL" | "exactMatch";
  readonly paramsOf: ReadonlyMap<DeviceId, Params>;
}

/** The mean of the rows' scores. */
export const meanScore = ({ scores }: RowScores) => scores.reduce((sum, score) => sum + score, 0) / scores.length;

/** Compares answers to the test rows that a run's devices answer with their references, in the order of the rows. */
export async function compareRows(
  { run, metric }: Omit<AnsweredRun, "paramsOf">,
  { task, dataset }: TextPlace,
  answer: (example: TextExample, deviceId: DeviceId) => Promise<string>,
): Promise<RowScores> {
  const { maxGenerated } = generationOf(run, "test");
  const { shares } = dealDataset(task, dataset, run);
  const asked = shares
    .flatMap(({ globalTest }, deviceId) => globalTest.slice(0, maxGenerated).map((row) => ({ row, deviceId })))
    .sort((a, b) => a.row - b.row);
  const scores: number[] = [];
  for (const { row, deviceId } of asked) {
    const example = dataset.test[row];
    if (example?.kind !== "reply") throw new Error(`${task.name}: test row ${row} has no answer to compare with`);
    const { numExact, rougeLSum } = compareTexts(example.answer, await answer(example, deviceId));
    scores.push(metric === "exactMatch" ? numExact : rougeLSum);
  }
  return { rows: asked.map(({ row }) => row), scores };
}
