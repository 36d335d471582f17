import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cardFormat, type Example, fileTask, rowOf } from "@tutti/data";

/** Writes the data set `tickets` into a folder as `tutti data add` does: three classes, four owners. */
export async function writeTickets(to: string): Promise<void> {
  const words = ["broken", "price", "late"];
  const rows = Array.from({ length: 36 }, (_, i) => {
    const fields = { text: `my order ${i} was ${words[i % 3]}`, label: `${words[i % 3]}`, owner: `branch ${i % 4}` };
    return { line: i + 1, fields };
  });
  const columns = { name: "tickets", text: "text", label: "label", owner: "owner" };
  const { task, splits, notes } = fileTask(columns, { train: { source: "tickets.csv", rows } });
  const lines = (examples: readonly Example[]) => examples.map((example) => `${JSON.stringify(rowOf(example, task.classes))}\n`).join("");
  await mkdir(to, { recursive: true });
  await writeFile(join(to, "train.jsonl"), lines(splits.train));
  await writeFile(join(to, "test.jsonl"), lines(splits.test));
  const numRows = { train: splits.train.length, validation: null, test: splits.test.length };
  const about = { source: "tickets.csv", licence: "unknown", sha256: {}, notes, numByClass: [9, 10, 10] };
  await writeFile(join(to, "dataset.json"), JSON.stringify({ format: cardFormat, task, numRows, ...about }));
}
