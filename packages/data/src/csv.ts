import { checkedText, defaultRowLimits, type Row, type RowLimits, requireRoom } from "./rows.ts";

interface Line {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads CSV (RFC 4180) whose first row names the columns: quoted cells may hold separators, doubled quotes and line breaks; a byte order
 * mark, CRLF and empty lines are fine. The separator is what the first row uses: comma, semicolon or tab.
 */
export function parseCsv(text: string, source = "the file", limits: RowLimits = defaultRowLimits): Row[] {
  const content = checkedText(text, source, limits);
  const lines = readLines(content, { source, separator: separatorOf(content), limits });
  const [header, ...body] = lines;
  if (header === undefined) throw new Error(`${source} is empty: its first row must name the columns`);
  const columns = header.cells.map((cell) => cell.trim());
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated !== undefined) throw new Error(`${source} line ${header.line}: two columns are called "${repeated}"`);
  return body.map(({ line, cells }) => {
    if (cells.length !== columns.length) {
      throw new Error(
        `${source} line ${line}: ${cells.length} cells where the first row names ${columns.length} columns ` +
          "(a cell that holds the separator or a line break must stand in double quotes)",
      );
    }
    return { line, fields: Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""])) };
  });
}

function separatorOf(content: string): string {
  const [first = ""] = content.replace(/"[^"]*"/g, "").split(/\r?\n/, 1);
  const count = (separator: string) => first.split(separator).length;
  return [",", ";", "\t"].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

function readLines(content: string, { source, separator, limits }: { source: string; separator: string; limits: RowLimits }): Line[] {
  const lines: Line[] = [];
  let cells: string[] = [];
  let line = 1;
  let start = 1;
  const endRow = () => {
    if (cells.length > 1 || cells[0] !== "") {
      requireRoom(lines.length - 1, source, limits); // the first row names the columns
      lines.push({ line: start, cells });
    }
    cells = [];
    start = line;
  };
  for (let at = 0; at <= content.length; at++) {
    const cell = readCell(content, { at, separator, place: `${source} line ${line}` });
    cells.push(cell.text);
    line += cell.numBreaks;
    at = cell.end;
    if (content[at] === separator) continue;
    if (content[at] === "\r" && content[at + 1] === "\n") at++;
    line++;
    endRow();
  }
  return lines;
}

/** Reads one cell; `end` is the separator or line break after it, or the end of the text. */
function readCell(content: string, { at, separator, place }: { at: number; separator: string; place: string }) {
  if (content[at] !== '"') {
    let end = at;
    while (end < content.length && content[end] !== separator && !isBreak(content, end)) end++;
    return { text: content.slice(at, end), end, numBreaks: 0 };
  }
  let closing = content.indexOf('"', at + 1);
  while (closing !== -1 && content[closing + 1] === '"') closing = content.indexOf('"', closing + 2);
  if (closing === -1) throw new Error(`${place}: a double quote is opened and never closed`);
  const end = closing + 1;
  if (end < content.length && content[end] !== separator && !isBreak(content, end)) {
    throw new Error(`${place}: "${content[end]}" after a closing double quote (a quote inside a quoted cell is written twice)`);
  }
  const quoted = content.slice(at + 1, closing);
  return { text: quoted.replaceAll('""', '"'), end, numBreaks: quoted.split("\n").length - 1 };
}

function isBreak(content: string, at: number): boolean {
  return content[at] === "\n" || (content[at] === "\r" && content[at + 1] === "\n");
}
