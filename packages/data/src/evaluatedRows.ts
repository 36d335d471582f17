import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { loadDataset } from "./dataset.ts";
import { dealDataset } from "./dealing.ts";
import type { Example, TextExample } from "./example.ts";
import { findTask } from "./tasks.ts";

/** Rows, and the bytes of their texts: an upper bound, as JSON. */
export interface CountedRows {
  readonly numRows: number;
  readonly numBytes: number;
}

/** What an evaluation looks at: personalised test rows, and rows of both splits, which all other protocols look at. */
export interface EvaluatedRows {
  readonly personalised: CountedRows;
  readonly test: CountedRows;
  readonly validation: CountedRows;
}

/** What evaluations of a run count at most. */
export interface RunEvaluation {
  /** By share. */
  readonly shares: readonly EvaluatedRows[];
  /** Of a device that holds no share. */
  readonly whole: EvaluatedRows;
}

/** What evaluations of a run count at most, its shares dealt as its tabs deal them from the same public folder; undefined where the data is not there. Node only. */
export async function findEvaluatedRows(
  publicDir: string,
  run: Pick<RunSettings, "task" | "numDevices" | "partition" | "seed" | "strategy">,
): Promise<RunEvaluation | undefined> {
  const task = findTask(run.task);
  if (task.kind === "classification" && task.isTyped === true) return undefined; // each device's own number says it
  const readText = (file: string) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8");
  const dataset = await loadDataset(task, readText, run.seed).catch(() => null);
  if (dataset === null) return undefined; // the data lies elsewhere: there is nothing to hold counts against
  const [test, validation] = [sizesOf(dataset.test), sizesOf(dataset.validation)];
  const shares = dealDataset(task, dataset, run).shares.map((share) => ({
    personalised: counted(test, share.personalised),
    test: counted(test, share.globalTest),
    validation: counted(validation, share.globalValidation),
  }));
  const all = { test: counted(test, [...test.keys()]), validation: counted(validation, [...validation.keys()]) };
  return { shares, whole: { ...all, personalised: all.test } };
}

function sizesOf(examples: readonly (Example | TextExample)[]): number[] {
  return examples.map((example) => Buffer.byteLength(JSON.stringify(example)));
}

function counted(sizes: readonly number[], rows: readonly number[]): CountedRows {
  return { numRows: rows.length, numBytes: rows.reduce((sum, row) => sum + (sizes[row] ?? 0), 0) };
}
