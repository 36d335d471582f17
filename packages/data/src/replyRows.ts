import type { ChatTurn, ReplyExample } from "./example.ts";
import { fieldOf, readText } from "./examples.ts";
import { RowFault } from "./faults.ts";
import type { ReplyColumns } from "./layouts.ts";
import { type Row, shownValue } from "./rows.ts";
import { readAnswer, readTurns } from "./textExamples.ts";

type Said = Pick<ReplyExample, "turns" | "text" | "answer">;

/** A row's text and answer; throws a `RowFault` that says what to do where there is no answer. */
export function readReply(row: Row, columns: ReplyColumns, place: string): Said {
  if (columns.kind === "conversation") {
    const value = fieldOf(row, columns.messages, place);
    return conversation(readTurns(fromJson(value), columns.messages, place), columns.messages, place);
  }
  const { text, textB, answer, resultMark } = columns;
  const asked = fromJson(fieldOf(row, text, place));
  if (Array.isArray(asked)) {
    const answered = fromJson(row.fields[answer]);
    const turns = [...readTurns(asked, text, place), ...(Array.isArray(answered) ? readTurns(answered, answer, place) : [])];
    return conversation(turns, answer, place);
  }
  const second = textB === undefined ? "" : secondText(row, textB, place);
  return {
    text: [readText(row, text, place), ...(second === "" ? [] : [second])].join("\n\n"),
    answer: withResult(readAnswer(row, answer, place), resultMark),
  };
}

/** The answer in the words in which FS-LLM (https://arxiv.org/abs/2309.00363) has GSM8K learnt: its result is said, and not marked. */
function withResult(answer: string, mark: string | undefined): string {
  return mark === undefined ? answer : answer.replaceAll(mark, "The answer is");
}

/** CSV has lists as JSON. */
function fromJson(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*\[\s*\{/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // a text that looks like a list
  }
}

/** An input may be empty: many instructions have none. */
function secondText(row: Row, field: string, place: string): string {
  const value = fieldOf(row, field, place);
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "string") throw new RowFault("notText", `${place}: field "${field}" must be text, found ${shownValue(value)}`);
  return value.trim();
}

/** The last turn is the answer, to the user's turn before it. */
function conversation(turns: readonly ChatTurn[], field: string, place: string): Said {
  const asked = turns.at(-2);
  const last = turns.at(-1);
  if (last?.role !== "assistant" || last.content === "") {
    const found = last === undefined ? "is empty" : `ends with the ${last.role}`;
    throw new RowFault(
      "answer",
      `${place}: there is no answer: the conversation in "${field}" ${found}; end it with the assistant, or take the row out`,
    );
  }
  if (asked?.role !== "user" || asked.content === "")
    throw new RowFault("turns", `${place}: the conversation in "${field}" has no turn of the user before the answer`);
  const before = turns.slice(0, -2);
  return { ...(before.length === 0 ? {} : { turns: before }), text: asked.content, answer: last.content };
}
