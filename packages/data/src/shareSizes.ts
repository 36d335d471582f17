import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { loadDataset } from "./dataset.ts";
import { dealDataset } from "./dealing.ts";
import { findTask } from "./tasks.ts";

/** How many examples each share of a run holds, dealt as its tabs deal them from the same public folder. Node only. */
export async function readShareSizes(
  publicDir: string,
  run: Pick<RunSettings, "task" | "numDevices" | "partition" | "seed" | "strategy">,
): Promise<number[]> {
  const task = findTask(run.task);
  if (task.kind === "classification" && task.isTyped === true) return []; // each device has its own
  const dataset = await loadDataset(task, (file) => readFile(join(publicDir, "datasets", task.dataset, file), "utf8"), run.seed);
  return dealDataset(task, dataset, run).shares.map(({ train }) => train.length);
}
