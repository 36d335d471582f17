import { readHeader } from "./csvHeader.ts";
import { decodeText, refusePacked } from "./decodeText.ts";
import { firstObject } from "./jsonList.ts";
import { parquetColumns } from "./parquet.ts";
import { extensionOf } from "./textFile.ts";

/** Names of a data file's columns: of its first row in CSV, JSON Lines and JSON; none where there is nothing to read. */
export function dataFileColumns(fileName: string, bytes: Uint8Array): readonly string[] {
  const extension = extensionOf(fileName);
  if (extension === "parquet") return parquetColumns(bytes, fileName);
  refusePacked(bytes, fileName);
  const text = decodeText(bytes, fileName);
  if (extension === "csv" || extension === "tsv")
    return readHeader(text, [], extension === "tsv")?.columns.filter((name) => name !== "") ?? [];
  return fieldsOf((extension === "json" ? firstObject(text) : /\S[^\r\n]*/.exec(text)?.[0]) ?? "{}");
}

function fieldsOf(line: string): readonly string[] {
  try {
    const row: unknown = JSON.parse(line);
    return typeof row === "object" && row !== null && !Array.isArray(row) ? Object.keys(row) : [];
  } catch {
    return []; // the reader says what is wrong with the row
  }
}
