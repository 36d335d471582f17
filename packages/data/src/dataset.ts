import { createRandom, formatCount } from "@tutti/core";
import type { Dataset, TextExample } from "./example.ts";
import { rowsToExamples } from "./examples.ts";
import { parseJsonl } from "./jsonl.ts";
import type { Row } from "./rows.ts";
import type { ClassificationTask, TaskDefinition, TextTask } from "./task.ts";
import { rowsToTextExamples } from "./textExamples.ts";

/** Gives the text of a file of the data set's folder. */
export type FetchText = (file: string) => Promise<string>;

/** Share of the training rows held out where a data set has no validation split. */
export const heldOutFraction = 0.1;

/** Loads the three splits of a task, each of JSON Lines; without a validation file a tenth of the training rows is held out by `seed`. */
export async function loadDataset(task: ClassificationTask, fetchText: FetchText, seed?: number): Promise<Dataset>;
export async function loadDataset(task: TextTask, fetchText: FetchText, seed?: number): Promise<Dataset<TextExample>>;
export async function loadDataset(task: TaskDefinition, fetchText: FetchText, seed?: number): Promise<Dataset | Dataset<TextExample>>;
export async function loadDataset(task: TaskDefinition, fetchText: FetchText, seed = 42): Promise<Dataset | Dataset<TextExample>> {
  if (task.kind === "classification" && task.isTyped === true) return { train: [], validation: [], test: [] };
  if (task.kind === "classification") return loadSplits(task, (rows, file) => rowsToExamples(task, rows, file), fetchText, seed);
  return loadSplits(task, (rows, file) => rowsToTextExamples(task, rows, file), fetchText, seed);
}

async function loadSplits<E>(
  task: TaskDefinition,
  read: (rows: readonly Row[], file: string) => E[],
  fetchText: FetchText,
  seed: number,
): Promise<Dataset<E>> {
  const load = async (file: string): Promise<E[]> => {
    const examples = read(parseJsonl(await fetchText(file), file), file);
    if (examples.length === 0) throw new Error(`${task.name}: ${file} has no rows`);
    return examples;
  };
  const { train, validation, test } = task.files;
  const [trainRows, testRows, validationRows] = await Promise.all([load(train), load(test), validation === null ? null : load(validation)]);
  if (validationRows !== null) return { train: trainRows, validation: validationRows, test: testRows };
  return { ...holdOut(trainRows, seed), test: testRows };
}

/** Holds a tenth of the examples out, drawn by the seed; both parts keep their order. */
export function holdOut<E>(examples: readonly E[], seed: number): Pick<Dataset<E>, "train" | "validation"> {
  if (examples.length < 2)
    throw new Error(
      `${formatCount(examples.length, "training row")} cannot be split into training and validation rows: 2 or more are needed`,
    );
  const numHeldOut = Math.max(1, Math.floor(heldOutFraction * examples.length));
  const [train, validation] = drawExamples(examples, numHeldOut, { seed, purpose: "validationSplit" });
  return { train, validation };
}

/** Draws a number of the examples by the seed: what stays and what was drawn, both in their order. */
export function drawExamples<E>(
  examples: readonly E[],
  count: number,
  { seed, purpose }: { readonly seed: number; readonly purpose: string },
): [rest: E[], drawn: E[]] {
  const order = createRandom(seed)
    .stream({ purpose })
    .shuffle(examples.map((_, index) => index));
  const drawn = new Set(order.slice(0, count));
  return [examples.filter((_, index) => !drawn.has(index)), examples.filter((_, index) => drawn.has(index))];
}
