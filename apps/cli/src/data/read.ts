import { readdir, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { formatBytes } from "@tutti/core";
import type { Fault, Row, SourceRows } from "@tutti/data";
import { compressors } from "@tutti/data/node";
import { UsageError } from "../exitCodes.ts";
import { createProgress } from "../progress.ts";
import type { DataPlace } from "./places.ts";
import { readWhole } from "./readWhole.ts";
import { findSplitFiles, requireApart, type SplitFiles, type SplitNames } from "./splitFiles.ts";

/** Rows of each split, with where they are from. */
export interface SourceSplits {
  readonly train: SourceRows;
  readonly validation: SourceRows | null;
  readonly test: SourceRows | null;
  /** Class names that the files themselves give, by column. */
  readonly classNames: Readonly<Record<string, readonly string[]>>;
  readonly source: string;
  readonly licence: string | null;
  /** Names of the columns of the first training file. */
  readonly columnsFound: readonly string[];
  /** What was assumed about the files, in sentences. */
  readonly notes: readonly string[];
}

/** What to read of a data set. */
export interface ReadRequest {
  readonly place: DataPlace;
  /** Needed columns, by those of the first training file; the others of a Parquet file are not read. */
  readonly columns: (found: readonly string[]) => readonly string[];
  readonly splits: SplitNames;
  readonly config?: string | undefined;
  readonly downloads: string;
}

/** Reads the splits of a data set. */
export async function readSplits(request: ReadRequest): Promise<SourceSplits> {
  const { place } = request;
  if (place.kind === "hub") return readHub(place, request).catch((error: unknown) => refuseBoth(place.id, error));
  const { train, validation, test } = await localFiles(place, request.splits);
  const read = await readAll({ train, validation, test }, readWhole, request.columns);
  return { ...read, source: basename(place.path), licence: null };
}

async function localFiles(place: { kind: "file" | "folder"; path: string }, names: SplitNames): Promise<SplitFiles> {
  const files = place.kind === "file" ? besideFile(place.path, names) : inFolder(place.path, await readdir(place.path), names);
  const real = (paths: readonly string[]) => Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  const [train, validation, test] = await Promise.all([real(files.train), real(files.validation), real(files.test)]);
  requireApart({ train, validation, test }, place.path, place.kind === "file");
  return files;
}

function inFolder(folder: string, paths: readonly string[], names: SplitNames): SplitFiles {
  const { train, validation, test } = findSplitFiles(paths, names, folder);
  const whole = (files: readonly string[]) => files.map((file) => join(folder, file));
  return { train: whole(train), validation: whole(validation), test: whole(test) };
}

function besideFile(path: string, names: SplitNames): SplitFiles {
  if (names.train !== undefined)
    throw new UsageError("--train names a split of a folder or of a hub data set: the file is the training part");
  const one = (given: string | null | undefined) => (given === null || given === undefined ? [] : [given]);
  return { train: [path], validation: one(names.validation), test: one(names.test) };
}

type Read = Pick<SourceSplits, "train" | "validation" | "test" | "classNames" | "columnsFound" | "notes">;

async function readAll(files: SplitFiles, open: (path: string) => Promise<Uint8Array>, columnsOf: ReadRequest["columns"]): Promise<Read> {
  const { dataFileColumns, defaultRowLimits, parseDataFile } = await import("@tutti/data");
  const [firstPath] = files.train;
  if (firstPath === undefined) throw new UsageError("there is no training part");
  const columnsFound = dataFileColumns(basename(firstPath), await open(firstPath));
  const columns = columnsOf(columnsFound);
  const classNames: Record<string, readonly string[]> = {};
  const notes: string[] = [];
  const read = async (paths: readonly string[]): Promise<SourceRows | null> => {
    if (paths.length === 0) return null;
    const rows: Row[] = [];
    const faults: Fault[] = [];
    const first = basename(paths[0] ?? "");
    const source = paths.length === 1 ? first : `${first} and ${paths.length - 1} more`;
    for (const path of paths) {
      const name = basename(path);
      const file = await parseDataFile(name, await open(path), { columns, compressors });
      requireColumns(file.rows, columns, path);
      for (const row of file.rows) rows.push(paths.length === 1 ? row : { ...row, source: name });
      for (const fault of file.faults) faults.push(fault);
      notes.push(...file.notes);
      Object.assign(classNames, file.classNames);
      if (rows.length > defaultRowLimits.maxRows)
        throw new Error(`${source} have more than ${defaultRowLimits.maxRows} rows together, the most that are read: use fewer`);
    }
    return { source, rows, faults };
  };
  const train = await read(files.train);
  if (train === null) throw new UsageError("there is no training part");
  return { train, validation: await read(files.validation), test: await read(files.test), classNames, columnsFound, notes };
}

/** A column that no row has is a slip of the command line; where only some lack it, those rows are faulty. */
function requireColumns(rows: readonly Row[], columns: readonly string[], path: string): void {
  const [first] = rows;
  if (first === undefined) return;
  const missing = columns.find((column) => !rows.some(({ fields }) => Object.hasOwn(fields, column)));
  if (missing === undefined) return;
  const found = Object.keys(first.fields).join(", ");
  throw new UsageError(
    `${basename(path)} has no column "${missing}", it has ${found}: --text, --text-b, --label, --answer and --owner name the columns, and --kind continuation takes plain text`,
  );
}

/** A name that is not found on the hub may have been meant as a path. */
function refuseBoth(id: string, error: unknown): never {
  const cause = error instanceof Error ? error.cause : null;
  const isMissing = cause instanceof Error && "statusCode" in cause && (cause.statusCode === 404 || cause.statusCode === 401);
  if (!(error instanceof Error) || !(isMissing || error.message.includes("cannot be reached"))) throw error;
  throw new Error(`${error.message}; there is no file or folder ${id} here either`, { cause });
}

async function readHub(place: DataPlace & { kind: "hub" }, { splits, config, columns, downloads }: ReadRequest): Promise<SourceSplits> {
  const { withHubRepository } = await import("@tutti/model/node");
  const { HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken } = process.env;
  const progress = createProgress();
  const request = {
    id: place.id,
    folder: join(downloads, `datasets--${place.id.replace("/", "--")}`),
    ...(hubUrl === undefined || hubUrl === "" ? {} : { hubUrl }),
    ...(accessToken === undefined || accessToken === "" ? {} : { accessToken }),
    onProgress: ({ file, doneBytes, totalBytes }: { file: string; doneBytes: number; totalBytes: number }) =>
      progress.say(`${file}: ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`),
  };
  const fetchFrom = (revision: string | null) =>
    withHubRepository(
      "dataset",
      { ...request, ...(revision === null ? {} : { revision }) },
      async ({ commit, licence, sizes, download }) => {
        const { files, config: used } = filesOfConfig([...sizes.keys()], place.id, config);
        const found = findSplitFiles(files, splits, place.id);
        requireApart(found, place.id);
        refuseLarge([...found.train, ...found.validation, ...found.test], sizes, place.id);
        const read = await readAll(found, async (path) => readWhole(await download(path)), columns);
        return { ...read, source: `${place.id}@${commit.slice(0, 12)}${used === null ? "" : ` ${used}`}`, licence };
      },
    );
  try {
    if (place.revision !== null) return await fetchFrom(place.revision);
    const main = await withHubRepository("dataset", request, async ({ licence }) => ({ licence }));
    return { ...(await fetchConverted(fetchFrom)), ...main };
  } finally {
    progress.clear();
  }
}

/** Above this a data set neither downloads nor fits into memory in reasonable time. */
const maxBytes = 2e9;

function refuseLarge(files: readonly string[], sizes: ReadonlyMap<string, number>, id: string): void {
  const numBytes = files.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
  if (numBytes > maxBytes)
    throw new UsageError(
      `${id} has ${formatBytes(numBytes)} in these splits, at most ${formatBytes(maxBytes)} are fetched: prepare a part of it as a file`,
    );
}

/** The hub keeps every data set it understands as Parquet on a branch of its own; where it has none, the files of the main branch are read. */
async function fetchConverted(fetchFrom: (revision: string | null) => Promise<SourceSplits>): Promise<SourceSplits> {
  try {
    return await fetchFrom("refs/convert/parquet");
  } catch (error) {
    const cause = error instanceof Error ? error.cause : null;
    if (cause instanceof Error && "statusCode" in cause && cause.statusCode === 404) return fetchFrom(null);
    throw error;
  }
}

/** The files of one configuration: those in its folder, or all where files do not lie in folders of configurations. */
function filesOfConfig(paths: readonly string[], id: string, wanted: string | undefined): { files: string[]; config: string | null } {
  const data = paths.filter((path) => /\.(csv|tsv|jsonl|ndjson|parquet)$/i.test(path));
  const configs = [...new Set(data.map((path) => (path.includes("/") ? (path.split("/")[0] ?? "") : "")))];
  const [only] = configs;
  const config = wanted ?? (configs.length === 1 ? only : configs.find((name) => name === "default"));
  if (config === undefined) throw new UsageError(`${id} has several configurations: say which with --config (${configs.join(", ")})`);
  if (config === "default" && !configs.includes("default")) return filesOfConfig(paths, id, undefined);
  if (!configs.includes(config)) throw new UsageError(`${id} has no configuration ${config}; it has ${configs.join(", ")}`);
  const files = data.filter((path) => (config === "" ? !path.includes("/") : path.startsWith(`${config}/`)));
  return { files, config: config === "" || config === "data" ? null : config };
}
