import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, TaskDefinition } from "@tutti/data";

/** A built-in or added task with its rows out of the public folder. */
export async function loadTask(name: string, publicFolder: string): Promise<{ definition: TaskDefinition; dataset: Dataset }> {
  const { findTask, loadDataset } = await import("@tutti/data");
  const { rememberDatasets } = await import("@tutti/data/node");
  await rememberDatasets(publicFolder);
  const definition = findTask(name);
  const dataset = await loadDataset(definition, (file) => readFile(join(publicFolder, "datasets", definition.dataset, file), "utf8"));
  return { definition, dataset };
}
