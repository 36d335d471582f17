import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cardFile, type DatasetCard, parseDatasetCard } from "./datasetCard.ts";
import { rememberTask, tasks } from "./tasks.ts";

/** The cards of the data sets that `tutti data add` put into a folder, by name; what has none, as `feedback`, is left out. Node only. */
export async function readDatasetCards(datasets: string): Promise<DatasetCard[]> {
  const entries = await readdir(datasets, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith(".unfinished")).map(({ name }) => name);
  const cards: DatasetCard[] = [];
  for (const name of names.sort()) {
    const path = join(datasets, name, cardFile);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) cards.push(parseDatasetCard(text, path));
  }
  return cards;
}

/** Makes the tasks of the added data sets of a public folder known to `findTask`. Node only. */
export async function rememberDatasets(publicFolder: string): Promise<void> {
  for (const { task } of await readDatasetCards(join(publicFolder, "datasets")))
    if (!tasks.some(({ name }) => name === task.name)) rememberTask(task);
}
