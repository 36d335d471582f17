import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cardFile, type DatasetCard, parseDatasetCard } from "./datasetCard.ts";
import { isPassing, putAllBack } from "./replaceFolder.ts";
import { rememberTask, tasks } from "./tasks.ts";

export { compressors } from "./compressors.ts";
export { type DataControls, majorityConfusion, readControls } from "./controls.ts";
export { dealRun } from "./dealing.ts";
export { type CountedRows, type EvaluatedRows, findEvaluatedRows, type RunEvaluation } from "./evaluatedRows.ts";
export { maxKeptBack, rememberLabels } from "./labelsTask.ts";
export { type PublicTextPlace, readPublicTextsAt } from "./publicTextFile.ts";
export { isPassing, putAllBack, replaceFolder } from "./replaceFolder.ts";
export { type Script, scriptBeside, startThread } from "./scriptBeside.ts";
export { readShareSizes } from "./shareSizes.ts";

/**
 * The cards of the data sets that `tutti data add` put into a folder, by name; what has none, as `feedback`, is left out. A data set that
 * was about to be replaced when the machine went down is put back first. Node only.
 */
export async function readDatasetCards(datasets: string): Promise<DatasetCard[]> {
  await putAllBack(datasets);
  const entries = await readdir(datasets, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !isPassing(entry.name)).map(({ name }) => name);
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
