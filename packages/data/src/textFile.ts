import { readCsv } from "./csv.ts";
import { decodeText, refusePacked } from "./decodeText.ts";
import { readJson } from "./jsonList.ts";
import { readJsonl } from "./jsonl.ts";
import type { ReadOptions, RowsRead } from "./rows.ts";

/** What the end of a text file's name may be. */
export const textExtensions = ["csv", "tsv", "jsonl", "ndjson"] as const;

/** The end of a file's name after its last dot, in lower case. */
export function extensionOf(fileName: string): string {
  return fileName.toLowerCase().split(".").at(-1) ?? "";
}

/** Whether a file of this name is read as text. */
export function isTextFile(fileName: string): boolean {
  return textExtensions.some((extension) => extension === extensionOf(fileName));
}

/** Reads a CSV, TSV or JSON Lines file as its name says: the one reader of the command line and the join page. */
export function readTextFile(fileName: string, bytes: Uint8Array, options: ReadOptions = {}): RowsRead {
  const extension = extensionOf(fileName);
  refusePacked(bytes, fileName);
  const text = decodeText(bytes, fileName, options.limits);
  if (extension === "csv" || extension === "tsv") return readCsv(text, fileName, { ...options, isTsv: extension === "tsv" });
  return readJsonl(text, fileName, options);
}

/** Reads a file whose name ends in `.json`: a list of objects, or JSON Lines. */
export function readJsonFile(fileName: string, bytes: Uint8Array, options: ReadOptions = {}): RowsRead {
  refusePacked(bytes, fileName);
  return readJson(decodeText(bytes, fileName, options.limits), fileName, options);
}
