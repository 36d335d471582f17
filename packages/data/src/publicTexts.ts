import { dataFileColumns } from "./columns.ts";
import { parseDataFile } from "./dataFile.ts";
import type { TextExample } from "./example.ts";
import { readText } from "./examples.ts";
import { readEach, refuseFaults } from "./faults.ts";
import { textRowOf } from "./fileTextTask.ts";
import { parseJsonl } from "./jsonl.ts";
import { placeOf } from "./labels.ts";
import { columnsNeeded, layoutNames, type ReplyColumns, replyLayout } from "./layouts.ts";
import type { ParquetOptions } from "./parquet.ts";
import { readReply } from "./replyRows.ts";
import type { TextTask } from "./task.ts";
import { rowsToTextExamples } from "./textExamples.ts";

/** Texts that anybody may read, one line of JSON each, whatever file they come from. */
export interface PublicTexts {
  /** Texts with answers, or plain text. */
  readonly kind: TextTask["kind"];
  readonly jsonl: string;
  readonly numTexts: number;
}

/** A file of public texts, and which columns are read. */
export interface PublicTextFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** With an answer's column or without; the known layouts by their names where neither is named. */
  readonly text?: string | undefined;
  readonly answer?: string | undefined;
  readonly compressors?: ParquetOptions["compressors"];
}

type Columns = ReplyColumns | { readonly kind: "plain"; readonly text: string };

/** Reads a CSV, TSV, JSON Lines or Parquet file as `tutti data add` reads one; throws with file, line and column of every row that does not fit. */
export async function readPublicTexts({ name, bytes, text, answer, compressors }: PublicTextFile): Promise<PublicTexts> {
  const columns = columnsOf(name, dataFileColumns(name, bytes), { text, answer });
  const needed = columns.kind === "plain" ? [columns.text] : columnsNeeded(columns);
  const { rows, faults } = await parseDataFile(name, bytes, { columns: needed, ...(compressors === undefined ? {} : { compressors }) });
  const found = readEach(rows, (row): TextExample => {
    const place = placeOf(row, name);
    return columns.kind === "plain"
      ? { kind: "continuation", text: readText(row, columns.text, place) }
      : { kind: "reply", ...readReply(row, columns, place) };
  });
  const all = [...faults, ...found.faults].sort((a, b) => a.line - b.line);
  refuseFaults(all, found.read.length + all.length);
  return publicTexts(found.read, name);
}

/** The same of examples that have been read. */
export function publicTexts(examples: readonly TextExample[], from: string): PublicTexts {
  const [first] = examples;
  if (first === undefined) throw new Error(`${from} has no rows`);
  const rows = examples.map(({ group: _, owner: __, ...example }) => JSON.stringify(textRowOf(example, [])));
  return { kind: first.kind, jsonl: rows.map((row) => `${row}\n`).join(""), numTexts: rows.length };
}

function columnsOf(name: string, found: readonly string[], { text, answer }: Pick<PublicTextFile, "text" | "answer">): Columns {
  const missing = [text, answer].find((column) => column !== undefined && !found.includes(column));
  if (missing !== undefined) throw new Error(`${name} has no column "${missing}", it has ${found.join(", ") || "none"}`);
  if (answer !== undefined) return { kind: "columns", text: text ?? "text", answer };
  if (text !== undefined) return { kind: "plain", text };
  const layout = replyLayout(found);
  if (layout !== null) return layout;
  if (found.includes("text")) return { kind: "plain", text: "text" };
  throw new Error(
    `${name}: name the columns of the texts and of their answers with text and answer, or bring the columns ${layoutNames}; found ${found.join(", ") || "none"}`,
  );
}

/** Public texts as a task's examples; what a text is about is not read. */
export function publicTextExamples(task: TextTask, jsonl: string, from: string): TextExample[] {
  const shared = { text: "text", group: null, owner: null };
  const read: TextTask =
    task.kind === "reply"
      ? { ...task, fields: { ...shared, answer: "answer", turns: "turns" }, groups: [] }
      : { ...task, fields: shared, groups: [] };
  return rowsToTextExamples(read, parseJsonl(jsonl, from), from);
}

/** Throws a sentence where a run's task has answers and the public texts have none, or the other way round. */
export function requireSameKind(
  task: Pick<TextTask, "name" | "kind">,
  texts: { readonly from: string; readonly kind: TextTask["kind"] },
): void {
  if (texts.kind === task.kind) return;
  const [has, needs] =
    texts.kind === "reply"
      ? ["texts with answers", "plain text: name its column with text alone"]
      : ["plain text", "texts with answers: name their column with answer"];
  throw new Error(`strategy.distillText: ${texts.from} holds ${has}, and ${task.name} is a ${task.kind} task, which needs ${needs}`);
}
