import { type Fault, isTextFile, type Row, readTextFile } from "@tutti/data";

/** A file or a paste as columns and rows, before anybody has said what they mean. */
export interface SheetTable {
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
  /** Rows that the format does not allow. */
  readonly faults: readonly Fault[];
  /** What was assumed, in sentences. */
  readonly notes: readonly string[];
  readonly hasHeader: boolean;
}

/** The cells of a row by the names of their columns. */
export interface SheetRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** What a file or a paste is, and how it is read. */
export interface SheetSource {
  /** Its end says how it is read. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** By default the first row decides, by what `isData` says of its cells. */
  readonly hasHeader?: boolean | undefined;
  /** How columns are called where the first row holds no names. */
  readonly nameColumn: (number: number) => string;
  /** Whether a first row with these cells is an example already. */
  readonly isData: (cells: readonly string[]) => boolean;
}

/** Reads CSV, TSV or JSON Lines; throws a sentence about what is no such file. */
export function readTable(source: SheetSource): SheetTable {
  const { name, bytes } = source;
  if (!isTextFile(name) || /\.(?:jsonl|ndjson)$/i.test(name)) return { ...tableOf(readTextFile(name, bytes)), hasHeader: true };
  const first = firstCells(bytes);
  const hasHeader = source.hasHeader ?? !source.isData(first.cells);
  if (hasHeader) return { ...tableOf(readTextFile(name, bytes, { columns: [] })), hasHeader };
  const names = first.cells.map((_, i) => source.nameColumn(i + 1));
  const header = new TextEncoder().encode(`${names.join(first.separator)}\n`);
  const whole = new Uint8Array(header.length + bytes.length - first.start);
  whole.set(header);
  whole.set(bytes.subarray(first.start), header.length);
  return { ...tableOf(readTextFile(name, whole), 1), hasHeader };
}

type Read = ReturnType<typeof readTextFile>;

/** `numAdded` lines lie before the file's own. */
function tableOf({ rows, faults, notes }: Read, numAdded = 0): Omit<SheetTable, "hasHeader"> {
  const columns = [...new Set(rows.slice(0, 100).flatMap(({ fields }) => Object.keys(fields)))];
  return {
    columns,
    rows: rows.map((row) => ({ line: row.line - numAdded, cells: cellsOf(row) })),
    faults: faults.map((fault) => ({ ...fault, line: fault.line - numAdded })),
    notes,
  };
}

function cellsOf({ fields }: Row): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, textOf(value)]));
}

/** Lists and objects are no text that somebody could have meant. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

/** The first row's cells, roughly: enough to see whether they are names. Bytes that are no text have none. */
function firstCells(bytes: Uint8Array): { cells: readonly string[]; separator: string; start: number } {
  const start = byteOrderMark.every((byte, i) => bytes[i] === byte) ? byteOrderMark.length : 0;
  const [line = ""] = new TextDecoder()
    .decode(bytes.subarray(start, start + 20_000))
    .trimStart()
    .split(/\r\n|\n|\r/);
  const bare = line.replace(/"(?:[^"]|"")*"/g, (quoted) => quoted.replace(/[,;\t]/g, " "));
  const [separator = ","] = ["\t", ";", ","].sort((a, b) => bare.split(b).length - bare.split(a).length);
  return { cells: bare.split(separator).map((cell) => cell.trim().replace(/^"|"$/g, "")), separator, start };
}
