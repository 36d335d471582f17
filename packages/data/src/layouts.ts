/** Which columns of a row hold a text and its answer: a column each, or whole conversations whose last turn is the answer. */
export type ReplyColumns =
  | {
      readonly kind: "columns";
      readonly text: string;
      readonly textB?: string | undefined;
      readonly answer: string;
      /** What stands before an answer's result, as in GSM8K, and is read as `The answer is`; absent for nothing. */
      readonly resultMark?: string | undefined;
    }
  | { readonly kind: "conversation"; readonly messages: string };

/** The layouts in which instruction data is published, the first that fits first. */
const layouts: readonly { readonly needed: readonly string[]; readonly columnsOf: (has: (name: string) => boolean) => ReplyColumns }[] = [
  { needed: ["messages"], columnsOf: () => ({ kind: "conversation", messages: "messages" }) },
  {
    needed: ["instruction", "output"],
    columnsOf: (has) => ({
      kind: "columns",
      text: "instruction",
      answer: "output",
      ...(has("input") ? { textB: "input" } : {}),
    }),
  },
  {
    needed: ["instruction", "response"],
    columnsOf: (has) => ({
      kind: "columns",
      text: "instruction",
      answer: "response",
      ...(has("context") ? { textB: "context" } : {}),
    }),
  },
  { needed: ["question", "answer"], columnsOf: () => ({ kind: "columns", text: "question", answer: "answer", resultMark: "####" }) },
  { needed: ["prompt", "completion"], columnsOf: () => ({ kind: "columns", text: "prompt", answer: "completion" }) },
  { needed: ["text", "answer"], columnsOf: () => ({ kind: "columns", text: "text", answer: "answer" }) },
];

/** Where text and answer are, by the names of a file's columns; null where these are of no known layout. */
export function replyLayout(columns: readonly string[]): ReplyColumns | null {
  const has = (name: string) => columns.includes(name);
  return layouts.find(({ needed }) => needed.every(has))?.columnsOf(has) ?? null;
}

/** The layouts' column names, as a sentence lists them. */
export const layoutNames = layouts.map(({ needed }) => needed.join(" and ")).join("; ");

/** Names of the columns that are read. */
export function columnsNeeded(columns: ReplyColumns): string[] {
  if (columns.kind === "conversation") return [columns.messages];
  return [columns.text, columns.answer, ...(columns.textB === undefined ? [] : [columns.textB])];
}
