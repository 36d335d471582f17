/** A line of a text without its line break. */
export interface PhysicalLine {
  readonly text: string;
  /** Where the next line begins; the text's length after the last one. */
  readonly next: number;
}

/** The line that begins at `at`; it ends in LF, CRLF or CR, or with the text. */
export function lineAt(content: string, at: number): PhysicalLine {
  const end = endOfLine(content, at);
  return { text: content.slice(at, end), next: afterBreak(content, end) };
}

/** The lines from `start` on that are not empty, up to `end`. */
export function* linesBetween(content: string, start: number, end: number): Generator<PhysicalLine> {
  for (let at = start; at < end; ) {
    const line = lineAt(content, at);
    if (!isBlank(line.text)) yield line;
    at = line.next;
  }
}

/** Whether a line holds nothing but spaces. */
export function isBlank(line: string): boolean {
  return /^ *$/.test(line);
}

/** Takes the place of a carriage return that belongs to a text: no text has this character. */
const textReturn = "\0";

/**
 * Marks the carriage returns that end no line, from `start` on: where other lines end in LF, and the line is a row while its pieces are none.
 * Some writers do not quote them.
 */
export function markTextReturns(content: string, start: number, isRow: (line: string) => boolean): string {
  if (!/\r(?!\n)/.test(content) || !content.includes("\n", start)) return content;
  const withoutQuoted = (line: string) => line.replace(/"[^"]*"/g, "");
  const lines = content.slice(start).split("\n");
  const marked = lines.map((line) => {
    const end = line.endsWith("\r") ? line.length - 1 : line.length;
    if (!line.slice(0, end).includes("\r")) return line;
    const outside = withoutQuoted(line.slice(0, end));
    const isText = isRow(outside) && !outside.split("\r").every((piece) => isBlank(piece) || isRow(piece));
    return isText ? line.slice(0, end).replaceAll("\r", textReturn) + line.slice(end) : line;
  });
  return content.slice(0, start) + marked.join("\n");
}

/** A cell with its own carriage returns. */
export function withReturns(cell: string): string {
  return cell.replaceAll(textReturn, "\r");
}

/** A row read by RFC 4180's rules for quotation marks. */
export interface QuotedRow {
  readonly cells: readonly string[];
  /** Where the line after the row begins. */
  readonly next: number;
  readonly numLines: number;
  readonly styles: readonly CellStyle[];
}

/**
 * How a cell is written: without marks; or in marks, which it needs when it holds a mark, a separator or a line break. Some writers also put
 * other cells in marks: Excel those with commas.
 */
export type CellStyle = "open" | "needed" | "customary" | "needless";

/** Why a row is not one by these rules. */
export interface QuoteProblem {
  readonly problem: string;
  /** Whether there is a closing mark, in the wrong place. */
  readonly isClosed: boolean;
}

/** Reads the row that begins at `at`: a cell that begins with a quotation mark ends with one, and marks inside it are doubled. */
export function readQuotedRow(content: string, at: number, separator: string): QuotedRow | QuoteProblem {
  const cells: string[] = [];
  const styles: CellStyle[] = [];
  let numLines = 1;
  for (let pos = at; ; pos++) {
    let end: number;
    if (content[pos] !== '"') {
      end = endOfCell(content, pos, separator);
      cells.push(content.slice(pos, end));
      styles.push("open");
    } else {
      const closing = closingMark(content, pos);
      if (closing === -1) return { problem: "a double quote is opened and never closed", isClosed: false };
      end = closing + 1;
      if (!isCellEnd(content, end, separator)) {
        const problem = `"${content[end]}" after a closing double quote (a quote inside a quoted cell is written twice)`;
        return { problem, isClosed: true };
      }
      const quoted = content.slice(pos + 1, closing);
      numLines += quoted.match(/\r\n|\n|\r/g)?.length ?? 0;
      cells.push(quoted.replaceAll('""', '"'));
      styles.push(styleOf(quoted, separator));
    }
    if (content[end] !== separator) return { cells, styles, numLines, next: afterBreak(content, end) };
    pos = end;
  }
}

function styleOf(quoted: string, separator: string): CellStyle {
  if (quoted.includes(separator) || /["\n\r]/.test(quoted)) return "needed";
  return /[,;\t]|^ | $/.test(quoted) ? "customary" : "needless";
}

function closingMark(content: string, at: number): number {
  let closing = content.indexOf('"', at + 1);
  while (closing !== -1 && content[closing + 1] === '"') closing = content.indexOf('"', closing + 2);
  return closing;
}

function endOfCell(content: string, at: number, separator: string): number {
  let end = at;
  while (!isCellEnd(content, end, separator)) end++;
  return end;
}

function isCellEnd(content: string, at: number, separator: string): boolean {
  return at >= content.length || content[at] === separator || content[at] === "\n" || content[at] === "\r";
}

function endOfLine(content: string, at: number): number {
  const search = /[\n\r]/g;
  search.lastIndex = at;
  return search.exec(content)?.index ?? content.length;
}

function afterBreak(content: string, end: number): number {
  return Math.min(content.length, end + (content[end] === "\r" && content[end + 1] === "\n" ? 2 : 1));
}
