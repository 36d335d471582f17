import { type ParquetOptions, parseParquet } from "./parquet.ts";
import type { RowsRead } from "./rows.ts";
import { extensionOf, isTextFile, readJsonFile, readTextFile, textExtensions } from "./textFile.ts";

/** Rows of a data file, and the class names that the file itself gives to numbered columns. */
export interface DataFile extends RowsRead {
  readonly classNames: Readonly<Record<string, readonly string[]>>;
}

/** What the end of a data file's name may be. */
export const dataFileExtensions: readonly string[] = [...textExtensions, "json", "parquet"];

/** Reads a CSV, TSV, JSON Lines, JSON or Parquet file, as its name says. */
export async function parseDataFile(fileName: string, bytes: Uint8Array, options: ParquetOptions = {}): Promise<DataFile> {
  if (extensionOf(fileName) === "parquet") return { ...(await parseParquet(bytes, fileName, options)), faults: [], notes: [] };
  if (extensionOf(fileName) === "json") return { ...readJsonFile(fileName, bytes, options), classNames: {} };
  if (!isTextFile(fileName)) throw new Error(`${fileName}: only files ending in .${dataFileExtensions.join(", .")} can be read`);
  return { ...readTextFile(fileName, bytes, options), classNames: {} };
}
