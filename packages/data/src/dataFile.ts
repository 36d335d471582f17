import { parseCsv } from "./csv.ts";
import { parseJsonl } from "./jsonl.ts";
import { type ParquetOptions, parseParquet } from "./parquet.ts";
import type { Row } from "./rows.ts";

/** Rows of a data file, and the class names that the file itself gives to numbered columns. */
export interface DataFile {
  readonly rows: Row[];
  readonly classNames: Readonly<Record<string, readonly string[]>>;
}

const textFormats = { csv: parseCsv, tsv: parseCsv, jsonl: parseJsonl, ndjson: parseJsonl } as const;

/** What the end of a data file's name may be. */
export const dataFileExtensions: readonly string[] = [...Object.keys(textFormats), "parquet"];

/** Reads a CSV, TSV, JSON Lines or Parquet file, as its name says. */
export async function parseDataFile(fileName: string, bytes: Uint8Array, options: ParquetOptions = {}): Promise<DataFile> {
  const extension = fileName.toLowerCase().split(".").at(-1) ?? "";
  if (extension === "parquet") return parseParquet(bytes, fileName, options);
  const parse = Object.hasOwn(textFormats, extension) ? textFormats[extension as keyof typeof textFormats] : null;
  if (parse === null) throw new Error(`${fileName}: files ending in .${dataFileExtensions.join(", .")} are read`);
  return { rows: parse(decoded(bytes, fileName), fileName, options.limits), classNames: {} };
}

function decoded(bytes: Uint8Array, fileName: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${fileName} is not UTF-8 text: save it as UTF-8`, { cause });
  }
}
