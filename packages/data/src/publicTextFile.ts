import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { compressors } from "./compressors.ts";
import { loadDataset } from "./dataset.ts";
import { type PublicTexts, publicTexts, readPublicTexts } from "./publicTexts.ts";
import { requireTextTask } from "./task.ts";
import { findTask } from "./tasks.ts";

/** Where public texts are: a file, with the columns that are read, or the training part of a data set that the coordinator publishes. */
export type PublicTextPlace =
  | { readonly file: string; readonly text?: string | undefined; readonly answer?: string | undefined }
  | { readonly dataset: string };

/** Reads public texts; throws a sentence where there are none, and one for every row that does not fit. Node only. */
export async function readPublicTextsAt(place: PublicTextPlace, publicFolder: string): Promise<PublicTexts> {
  if ("file" in place) {
    const bytes = await readFile(place.file).catch((cause: unknown) => {
      throw new Error(`${place.file} cannot be read: give a CSV, TSV, JSON Lines or Parquet file, or the name of a data set`, { cause });
    });
    return readPublicTexts({ ...place, name: basename(place.file), bytes: new Uint8Array(bytes), compressors });
  }
  const task = requireTextTask(findTask(place.dataset), "distillation");
  const folder = join(publicFolder, "datasets", task.dataset);
  const { train } = await loadDataset(task, (file) => readFile(join(folder, file), "utf8"));
  return publicTexts(train, place.dataset);
}
