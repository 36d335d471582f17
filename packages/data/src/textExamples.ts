import { textOfNumber } from "./exactNumber.ts";
import type { ChatTurn, TextExample } from "./example.ts";
import { fieldOf, readText } from "./examples.ts";
import { RowFault, readEach, refuseFaults } from "./faults.ts";
import { type Row, shownValue } from "./rows.ts";
import type { ReplyTask, TextTask } from "./task.ts";

/** Turns rows into examples of a text task; throws with file, line and field of every row that does not fit. */
export function rowsToTextExamples(task: TextTask, rows: readonly Row[], source = "the file"): TextExample[] {
  const { read, faults } = readEach(rows, (row) => textExampleOf(task, row, `${source} line ${row.line}`));
  refuseFaults(faults, rows.length);
  return read;
}

function textExampleOf(task: TextTask, row: Row, place: string): TextExample {
  const { owner, group } = task.fields;
  const shared = {
    text: readText(row, task.fields.text, place),
    ...(group === null ? {} : { group: readGroup(row, group, task.groups, place) }),
    ...(owner === null ? {} : { owner: readText(row, owner, place) }),
  };
  if (task.kind === "continuation") return { kind: task.kind, ...shared };
  return { kind: task.kind, ...shared, ...turnsOf(task, row, place), answer: readAnswer(row, task.fields.answer, place) };
}

/** The answer's text; a row without one is at fault, and told what to do about it. */
export function readAnswer(row: Row, field: string, place: string): string {
  const value = Object.hasOwn(row.fields, field) ? row.fields[field] : undefined;
  const isMissing = value === undefined || value === null || (typeof value === "string" && value.trim() === "");
  if (!isMissing) return readText(row, field, place);
  throw new RowFault("answer", `${place}: there is no answer in "${field}": write one, or take the row out`);
}

function turnsOf({ fields: { turns } }: ReplyTask, row: Row, place: string): { turns?: readonly ChatTurn[] } {
  if (turns === null || !Object.hasOwn(row.fields, turns)) return {};
  return { turns: readTurns(row.fields[turns], turns, place) };
}

const roles = ["system", "user", "assistant"] as const;

/** Turns of a conversation, each with a role of chat templates and text. */
export function readTurns(value: unknown, field: string, place: string): ChatTurn[] {
  if (!Array.isArray(value))
    throw new RowFault("turns", `${place}: field "${field}" is ${shownValue(value)}, expected a list of {"role": …, "content": …}`);
  return value.map((turn: unknown, index) => {
    const { role, content } = typeof turn === "object" && turn !== null ? (turn as Readonly<Record<string, unknown>>) : {};
    const known = roles.find((name) => name === role);
    if (known === undefined || typeof content !== "string")
      throw new RowFault(
        "turns",
        `${place}: turn ${index + 1} in "${field}" is ${shownValue(turn)}, expected {"role": "${roles.join('" or "')}", "content": text}`,
      );
    return { role: known, content: content.trim() };
  });
}

function readGroup(row: Row, field: string, groups: readonly string[], place: string): number {
  const value = fieldOf(row, field, place);
  const text = (textOfNumber(value) ?? (typeof value === "boolean" || typeof value === "string" ? String(value) : "")).trim();
  const group = groups.findIndex((name) => name.toLowerCase() === text.toLowerCase());
  if (group !== -1) return group;
  throw new RowFault("label", `${place}: field "${field}" is ${shownValue(value)}, expected one of ${groups.join(", ")}`);
}
