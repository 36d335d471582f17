import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a small public folder has of a full one. */
export interface SmallPublic {
  readonly backbone: string;
  /** A data set of which each part keeps its first `numLines` rows. */
  readonly dataset: string;
  readonly numLines: number;
}

/** Makes the folder `to` with one backbone and a little of one data set of the full public folder `from`. */
export async function makeSmallPublic(from: string, to: string, { backbone, dataset, numLines }: SmallPublic): Promise<void> {
  const rows = join(to, "datasets", dataset);
  await mkdir(join(to, "backbones"), { recursive: true });
  await mkdir(rows, { recursive: true });
  await symlink(join(from, "backbones", backbone), join(to, "backbones", backbone));
  for (const split of ["train", "validation", "test"]) {
    const lines = (await readFile(join(from, "datasets", dataset, `${split}.jsonl`), "utf8")).split("\n");
    await writeFile(join(rows, `${split}.jsonl`), lines.slice(0, numLines).join("\n"));
  }
}
