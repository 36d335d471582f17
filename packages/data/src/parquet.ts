import { type AsyncBuffer, type Compressors, type FileMetaData, parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { decodeText } from "./decodeText.ts";
import { exactParsers, numCharacters, requireTextRoom, withExactValues } from "./parquetValues.ts";
import { defaultRowLimits, type Row, type RowLimits, requireLength, requireRoom } from "./rows.ts";

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

/**
 * Reads a Parquet file. A row's `line` counts rows from 1. Whole numbers and decimals keep their digits, dates and times become text.
 * `source` names the file in errors.
 */
export async function parseParquet(bytes: Uint8Array, source = "the file", options: ParquetOptions = {}): Promise<ParquetTable> {
  const { limits = defaultRowLimits } = options;
  const file = new Uint8Array(bytes).buffer; // a Buffer's own slice would share the pool's memory
  const metadata = readMetadata(file, source);
  const columns = columnNames(metadata);
  requireColumns(columns, options.columns, source);
  requireRoom(Number(metadata.num_rows) - 1, source, limits);
  requireTextRoom(metadata, options.columns, source, limits);
  refuseUnknownCodecs(metadata, source, options);
  requireOwnColumns(metadata, source);
  const rows = await readRows(file, source, metadata, { ...options, limits });
  return { columns, rows, classNames: classNamesOf(metadata) };
}

/** Names of a Parquet file's columns. */
export function parquetColumns(bytes: Uint8Array, source: string): string[] {
  return columnNames(readMetadata(new Uint8Array(bytes).buffer, source));
}

function columnNames(metadata: FileMetaData): string[] {
  return parquetSchema(metadata).children.map(({ element }) => element.name);
}

function requireColumns(columns: readonly string[], wanted: readonly string[] | undefined, source: string): void {
  const missing = wanted?.find((column) => !columns.includes(column));
  if (missing !== undefined) throw new Error(`${source}: there is no column "${missing}"; the file has ${columns.join(", ") || "none"}`);
  const repeated = (wanted ?? columns).find((column) => columns.indexOf(column) !== columns.lastIndexOf(column));
  if (repeated !== undefined) throw new Error(`${source}: two columns are called "${repeated}"`);
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

interface ReadRowsOptions extends ParquetOptions {
  readonly limits: RowLimits;
}

async function readRows(file: ArrayBuffer, source: string, found: FileMetaData, options: ReadRowsOptions): Promise<Row[]> {
  const { limits } = options;
  const refused: unknown[] = [];
  const textOf = (bytes: Uint8Array): string => {
    try {
      return decodeText(bytes, source, limits, "utf-8");
    } catch (cause) {
      refused.push(cause);
      throw cause;
    }
  };
  const { metadata, exactOf } = withExactValues(found, textOf);
  const objects = await unpack({ file, metadata, parsers: exactParsers(textOf) }, options).catch((cause: unknown) => {
    throw refused[0] ?? damaged(source, cause); // a refused text does not mean a damaged file
  });
  const rows = objects.map((row, index) => {
    const fields = Object.entries(row).map(([name, value]): [string, unknown] => [name, exactOf.get(name)?.(value) ?? value]);
    return { line: index + 1, fields: Object.fromEntries(fields) };
  });
  const total = rows.reduce((sum, { fields }) => sum + numCharacters(fields), 0);
  requireLength(total, source, limits);
  return rows;
}

type Unpacking = Pick<Parameters<typeof parquetReadObjects>[0], "metadata" | "parsers"> & { readonly file: ArrayBuffer };

async function unpack({ file: whole, ...from }: Unpacking, { columns, compressors }: ParquetOptions) {
  const { file, stop } = patiently(whole);
  return parquetReadObjects({
    ...from,
    file,
    utf8: false,
    ...(columns === undefined ? {} : { columns: [...columns] }),
    ...(compressors === undefined ? {} : { compressors }),
  }).finally(stop);
}

/**
 * Every chunk is one of a column of the file's, once in each group: the library starts to read all chunks and looks at those alone that it
 * finds so, and what fails in another would end the process.
 */
function requireOwnColumns(metadata: FileMetaData, source: string): void {
  const leaves = new Set<string>();
  const open = [...parquetSchema(metadata).children];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.children.length === 0) leaves.add(JSON.stringify(node.path));
    open.push(...node.children);
  }
  for (const { columns: chunks } of metadata.row_groups) {
    const paths = chunks.map(({ meta_data: chunk }) => JSON.stringify(chunk?.path_in_schema ?? []));
    const strange = paths.find((path, at) => !leaves.has(path) || paths.indexOf(path) !== at);
    if (strange !== undefined) throw damaged(source, new Error(`the chunk of ${strange} belongs to no column, or comes twice`));
  }
}

/** The file as the library asks for it: no chunk comes before all were asked for, so that a fault in between leaves none to be read by nobody. */
function patiently(file: ArrayBuffer): { readonly file: AsyncBuffer; stop(): void } {
  let isStopped = false;
  const slice = (start: number, end?: number) =>
    new Promise<ArrayBuffer>((resolve) => {
      setTimeout(() => {
        if (!isStopped) resolve(file.slice(start, end));
      });
    });
  return { file: { byteLength: file.byteLength, slice }, stop: () => (isStopped = true) };
}

function damaged(source: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${source} is damaged or of an unknown kind (${why}): write it again, or as JSON Lines`, { cause });
}

function refuseUnknownCodecs(metadata: FileMetaData, source: string, { columns, compressors = {} }: ParquetOptions): void {
  const readable = new Set(["UNCOMPRESSED", "SNAPPY", ...Object.keys(compressors)]);
  for (const { columns: chunks } of metadata.row_groups) {
    for (const { meta_data: chunk } of chunks) {
      const [column = ""] = chunk?.path_in_schema ?? [];
      if (chunk === undefined || readable.has(chunk.codec) || columns?.includes(column) === false) continue;
      throw new Error(
        `${source}: column "${column}" is compressed with ${chunk.codec}, which cannot be read here (only ${[...readable].join(", ")} can): ` +
          "write the file with Snappy or as JSON Lines",
      );
    }
  }
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
