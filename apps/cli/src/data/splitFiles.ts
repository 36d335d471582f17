import { UsageError } from "../exitCodes.ts";

/** Paths of the files of each split. */
export interface SplitFiles {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** What each split is called; undefined looks for the usual names, null says there is none. */
export interface SplitNames {
  readonly train?: string | undefined;
  readonly validation?: string | null | undefined;
  readonly test?: string | null | undefined;
}

const kinds = ["train", "validation", "test"] as const;

/**
 * Throws where a file is of two parts: rows that are trained on, or chosen by, would be the rows that are reported. Of a single file the
 * training part has no other name.
 */
export function requireApart(files: SplitFiles, where: string, isSingleFile = false): void {
  const titles = { train: "training", validation: "validation", test: "test" };
  for (const [at, later] of kinds.entries()) {
    for (const earlier of kinds.slice(0, at)) {
      const shared = files[later].find((path) => files[earlier].includes(path));
      if (shared === undefined) continue;
      const flags = [earlier, later].filter((kind) => kind !== "train" || !isSingleFile).map((kind) => `--${kind}`);
      throw new UsageError(
        `${where}: the ${titles[earlier]} and the ${titles[later]} part would both be ${shared}: name another one with ${flags.join(" or ")}`,
      );
    }
  }
}

const dataFile = /\.(csv|tsv|jsonl|ndjson|parquet)$/i;
const usual = { train: ["train"], validation: ["validation", "valid", "dev", "val"], test: ["test"] } as const;

/**
 * Finds the files of each split among paths such as `dev.jsonl`, `train_10k.jsonl`, `default/train/0000.parquet` or
 * `sst2/train-00000-of-00001.parquet`; throws with the splits that there are.
 */
export function findSplitFiles(paths: readonly string[], names: SplitNames, where: string): SplitFiles {
  const bySplit = new Map<string, string[]>();
  for (const path of paths.filter((file) => dataFile.test(file)).sort()) {
    const split = splitOf(path);
    bySplit.set(split, [...(bySplit.get(split) ?? []), path]);
  }
  const all = [...bySplit.keys()].join(", ") || "no CSV, TSV, JSON Lines or Parquet files";
  const find = (kind: keyof typeof usual, isNeeded: boolean): readonly string[] => {
    const name = names[kind];
    if (name === null) return [];
    if (name !== undefined) {
      const found = bySplit.get(name) ?? paths.filter((path) => path === name);
      if (found.length === 0) throw new UsageError(`${where} has no split ${name}; it has ${all}`);
      return found;
    }
    for (const candidate of usual[kind]) {
      const found = bySplit.get(candidate) ?? bySplit.get(`partial-${candidate}`);
      if (found !== undefined) return found;
    }
    const begins = [...bySplit.keys()].filter((split) => usual[kind].some((candidate) => new RegExp(`^${candidate}[_.]`).test(split)));
    if (begins.length === 1) return bySplit.get(begins[0] ?? "") ?? [];
    if (begins.length > 1 && isNeeded) throw new UsageError(`${where} has ${begins.join(" and ")}: say which with --${kind}`);
    if (isNeeded) throw new UsageError(`${where} has no ${kind} split; it has ${all}: say which with --${kind}`);
    return [];
  };
  return { train: find("train", true), validation: find("validation", false), test: find("test", false) };
}

/** `train` of `default/train/0000.parquet` and of `data/train-00000-of-00002.parquet`, else the file's name without its end. */
function splitOf(path: string): string {
  const parts = path.split("/");
  const stem = (parts.at(-1) ?? "").replace(dataFile, "");
  if (/^\d+$/.test(stem) && parts.length > 1) return parts.at(-2) ?? stem;
  return stem.replace(/-\d{5}-of-\d{5}(-[0-9a-f]+)?$/, "");
}
