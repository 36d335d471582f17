import { type Compressors, type FileMetaData, parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { defaultRowLimits, type Row, type RowLimits, requireRoom } from "./rows.ts";

/** What a Parquet file holds. */
export interface ParquetTable {
  readonly columns: readonly string[];
  readonly rows: Row[];
  /** Names of the classes of columns that the `datasets` library wrote as ClassLabel, in the order of their numbers. */
  readonly classNames: Readonly<Record<string, readonly string[]>>;
}

/** How to read a Parquet file. */
export interface ParquetOptions {
  /** Of all columns, only these; the others are not even unpacked. */
  readonly columns?: readonly string[];
  /** For codecs other than Snappy and none. */
  readonly compressors?: Compressors;
  readonly limits?: RowLimits;
}

/** Reads a Parquet file. A row's `line` counts rows from 1; 64-bit whole numbers become numbers. `source` names the file in errors. */
export async function parseParquet(bytes: Uint8Array, source = "the file", options: ParquetOptions = {}): Promise<ParquetTable> {
  const { limits = defaultRowLimits } = options;
  const file = bytes.slice().buffer;
  const metadata = readMetadata(file, source);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const missing = options.columns?.find((column) => !columns.includes(column));
  if (missing !== undefined) throw new Error(`${source}: there is no column "${missing}"; the file has ${columns.join(", ") || "none"}`);
  requireRoom(Number(metadata.num_rows) - 1, source, limits);
  refuseUnknownCodecs(metadata, source, options);
  const found = await readObjects(file, source, metadata, options);
  const rows = found.map((row, index) => ({
    line: index + 1,
    fields: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  }));
  return { columns, rows, classNames: classNamesOf(metadata) };
}

function readMetadata(file: ArrayBuffer, source: string): FileMetaData {
  const { byteLength } = file;
  const magic = (at: number) => new TextDecoder().decode(file.slice(at, at + 4));
  if (byteLength < 12 || magic(0) !== "PAR1")
    throw new Error(`${source} is not a Parquet file: it does not begin with PAR1 (${byteLength} bytes)`);
  if (magic(byteLength - 4) !== "PAR1")
    throw new Error(`${source} is cut off: a Parquet file ends with PAR1, this one does not (${byteLength} bytes); fetch it again`);
  try {
    return parquetMetadata(file);
  } catch (cause) {
    throw damaged(source, cause);
  }
}

async function readObjects(file: ArrayBuffer, source: string, metadata: FileMetaData, { columns, compressors }: ParquetOptions) {
  try {
    return await parquetReadObjects({
      file,
      metadata,
      ...(columns === undefined ? {} : { columns: [...columns] }),
      ...(compressors === undefined ? {} : { compressors }),
    });
  } catch (cause) {
    throw damaged(source, cause);
  }
}

function damaged(source: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${source} is damaged or of a kind that cannot be read (${why})`, { cause });
}

function refuseUnknownCodecs(metadata: FileMetaData, source: string, { columns, compressors = {} }: ParquetOptions): void {
  const readable = new Set(["UNCOMPRESSED", "SNAPPY", ...Object.keys(compressors)]);
  for (const { columns: chunks } of metadata.row_groups) {
    for (const { meta_data: chunk } of chunks) {
      const [column = ""] = chunk?.path_in_schema ?? [];
      if (chunk === undefined || readable.has(chunk.codec) || columns?.includes(column) === false) continue;
      throw new Error(
        `${source}: column "${column}" is compressed with ${chunk.codec}, which is not read here (${[...readable].join(", ")} are): ` +
          "write the file with Snappy or as JSON Lines",
      );
    }
  }
}

function plain(value: unknown): unknown {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The names in the description that the `datasets` library keeps in the file under the key `huggingface`. */
function classNamesOf(metadata: FileMetaData): Record<string, readonly string[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return {};
  const classNames: Record<string, readonly string[]> = {};
  try {
    const { info } = JSON.parse(text) as { info?: { features?: Record<string, { names?: unknown }> } };
    for (const [column, { names }] of Object.entries(info?.features ?? {}))
      if (Array.isArray(names) && names.every((name) => typeof name === "string")) classNames[column] = names;
  } catch {
    return {}; // a description that is no JSON says nothing about the rows
  }
  return classNames;
}
