import { type CsvHeader, readHeader } from "./csvHeader.ts";
import { isBlank, lineAt, withReturns } from "./csvLines.ts";
import { type BodyRow, type CsvBody, openBody, rowAt } from "./csvRows.ts";
import { notesOf, type Seen, see, startSeeing } from "./csvSeen.ts";
import type { Fault } from "./faults.ts";
import { checkedText, defaultRowLimits, type ReadOptions, type Row, type RowLimits, type RowsRead, requireRoom } from "./rows.ts";

/**
 * Reads CSV (RFC 4180) whose first row names the columns: quoted cells may hold separators, doubled quotes and line breaks; a byte order
 * mark, any line ends, empty lines and Excel's line `sep=;` are fine. Separators are comma, semicolon or tab. Files written without quoting,
 * where a quotation mark belongs to the text, are told apart by `rowAt`'s rules. `isTsv` says that the name promises tabs.
 */
export function readCsv(text: string, source = "the file", options: ReadOptions & { readonly isTsv?: boolean } = {}): RowsRead {
  const { limits = defaultRowLimits, columns, isTsv = false } = options;
  const content = checkedText(text, source, limits);
  const header = readHeader(content, columns ?? [], isTsv);
  if (header === null) throw new Error(`${source} is empty: its first row must name the columns`);
  requireUnique(header, columns, source);
  const names = usableNames(header, columns);
  const body = openBody(content, header, source);
  const first = readBody(body, names, limits);
  const marks = marksOf(first.seen, header);
  const { rows, faults, seen, unnamed } = marks === body.marks ? first : readBody({ ...body, marks }, names, limits);
  return { rows, faults, notes: [...unnamedNotes(unnamed, header, source), ...notesOf(seen, { ...body, marks })] };
}

/** The rows of CSV that must all be right, with all their columns; throws at the first that is not. */
export function parseCsv(text: string, source = "the file", limits: RowLimits = defaultRowLimits): Row[] {
  const { rows, faults } = readCsv(text, source, { limits });
  const [first] = faults;
  if (first !== undefined) throw new Error(first.message);
  return rows;
}

/**
 * Whose marks a file's are, after a first look. They follow the rules where more rows need them than would be split; a tab-separated file is
 * written without quoting where more rows have marks that can only belong to the text than rows that need quoting ones.
 */
function marksOf({ literal, inside, needed, ruled, split }: Seen, { isQuoted, separator }: CsvHeader): CsvBody["marks"] {
  if (split.count > 0 && ruled.count > split.count) return "rules";
  const isPlain = literal.count + inside.count > needed.count && !isQuoted;
  return separator === "\t" && isPlain ? "text" : "either";
}

/** Only the columns that are asked for must be there once. */
function requireUnique({ columns, line }: CsvHeader, wanted: readonly string[] | undefined, source: string): void {
  const named = columns.filter((name) => (wanted === undefined ? name !== "" : wanted.includes(name)));
  const repeated = named.find((name, i) => named.indexOf(name) !== i);
  if (repeated !== undefined) throw new Error(`${source} line ${line}: two columns are called "${repeated}"`);
}

/** Names of the columns that become fields: neither without a name nor twice there. */
function usableNames({ columns }: CsvHeader, wanted: readonly string[] | undefined): (string | null)[] {
  const isUsable = (name: string) => name !== "" && columns.indexOf(name) === columns.lastIndexOf(name);
  return columns.map((name) => (isUsable(name) || wanted?.includes(name) === true ? name : null));
}

interface BodyRead {
  readonly rows: Row[];
  readonly faults: Fault[];
  readonly seen: Seen;
  /** Columns that are left out and hold something. */
  readonly unnamed: ReadonlySet<number>;
}

function readBody(body: CsvBody, names: readonly (string | null)[], limits: RowLimits): BodyRead {
  const rows: Row[] = [];
  const faults: Fault[] = [];
  const unnamed = new Set<number>();
  const seen = startSeeing();
  for (let at = body.start, line = body.startLine; at < body.content.length; ) {
    const physical = lineAt(body.content, at);
    const row: BodyRow | null = isBlank(physical.text) ? null : rowAt(body, at, physical, line);
    if (row !== null) {
      requireRoom(rows.length + faults.length, body.source, limits);
      see(seen, row, line);
      if (row.cells === null) faults.push({ line, ...row.fault });
      else {
        rows.push({ line, fields: fieldsOf(names, row.cells) });
        for (const [i, cell] of row.cells.entries()) if (names[i] === null && cell.trim() !== "") unnamed.add(i);
      }
    }
    at = row?.next ?? physical.next;
    line += row?.numLines ?? 1;
  }
  return { rows, faults, seen, unnamed };
}

function unnamedNotes(unnamed: ReadonlySet<number>, { columns }: CsvHeader, source: string): string[] {
  const numbers = [...unnamed].filter((i) => columns[i] === "").map((i) => i + 1);
  if (numbers.length === 0) return [];
  const which = numbers.length === 1 ? `column ${numbers[0]} has` : `columns ${numbers.join(", ")} have`;
  return [`${source}: ${which} no name and ${numbers.length === 1 ? "is" : "are"} left out.`];
}

function fieldsOf(names: readonly (string | null)[], cells: readonly string[]): Readonly<Record<string, string>> {
  const named: [string, string][] = [];
  for (const [i, name] of names.entries()) if (name !== null) named.push([name, withReturns(cells[i] ?? "")]);
  return Object.fromEntries(named);
}
