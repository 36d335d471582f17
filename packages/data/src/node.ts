import { readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { cardFile, type DatasetCard, parseDatasetCard } from "./datasetCard.ts";
import { rememberTask, tasks } from "./tasks.ts";

/** Ends of the names of folders that a data set has while it takes another one's place. */
export const exchangeEnds = { unfinished: ".unfinished", previous: ".previous" } as const;

/**
 * The cards of the data sets that `tutti data add` put into a folder, by name; what has none, as `feedback`, is left out. A data set that
 * was about to be replaced when the machine went down is put back first. Node only.
 */
export async function readDatasetCards(datasets: string): Promise<DatasetCard[]> {
  const found = await readdir(datasets).catch(() => []);
  for (const name of found)
    if (name.endsWith(exchangeEnds.previous)) await putBack(join(datasets, name.slice(0, -exchangeEnds.previous.length)));
  const entries = await readdir(datasets, { withFileTypes: true }).catch(() => []);
  const isPassing = (name: string) => Object.values(exchangeEnds).some((end) => name.endsWith(end));
  const names = entries.filter((entry) => entry.isDirectory() && !isPassing(entry.name)).map(({ name }) => name);
  const cards: DatasetCard[] = [];
  for (const name of names.sort()) {
    const path = join(datasets, name, cardFile);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) cards.push(parseDatasetCard(text, path));
  }
  return cards;
}

/** Puts a folder back that was moved aside and has no successor; whether there was one. Node only. */
export async function putBack(folder: string): Promise<boolean> {
  if ((await stat(folder).catch(() => null)) !== null) return false;
  return rename(`${folder}${exchangeEnds.previous}`, folder).then(
    () => true,
    () => false, // nothing was moved aside, or the folder may only be read
  );
}

/** Makes the tasks of the added data sets of a public folder known to `findTask`. Node only. */
export async function rememberDatasets(publicFolder: string): Promise<void> {
  for (const { task } of await readDatasetCards(join(publicFolder, "datasets")))
    if (!tasks.some(({ name }) => name === task.name)) rememberTask(task);
}
