import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClassificationTask, Dataset } from "@tutti/data";

/** A built-in or added classification task with its rows out of the public folder; `what` says what cannot be done with another one. */
export async function loadTask(
  name: string,
  publicFolder: string,
  what: string,
): Promise<{ definition: ClassificationTask; dataset: Dataset }> {
  const { findClassification, loadDataset } = await import("@tutti/data");
  const { rememberDatasets } = await import("@tutti/data/node");
  await rememberDatasets(publicFolder);
  const definition = findClassification(name, what);
  const dataset = await loadDataset(definition, (file) => readFile(join(publicFolder, "datasets", definition.dataset, file), "utf8"));
  return { definition, dataset };
}
