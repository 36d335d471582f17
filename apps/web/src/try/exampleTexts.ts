import { datasetFolder, findTask, readJsonl } from "@tutti/data";
import type { RunInfo } from "@tutti/protocol";
import type { Question } from "./tryView.ts";

/** As much of a file as is fetched for a few examples. */
const maxBytes = 6000;
const maxExamples = 12;

/** A few texts from the beginning of the run's public test part; none where it is not there, or is no JSON Lines. */
export async function fetchExampleTexts({ run, urls }: RunInfo, folder: string): Promise<readonly Question[]> {
  try {
    const task = findTask(run.task);
    if (task.kind === "classification" && task.isTyped === true) return []; // nobody else has texts
    const address = new URL(`${datasetFolder(run.task)}/${task.files.test}`, new URL(urls.dataset, folder));
    const response = await fetch(address.href, { headers: { range: `bytes=0-${maxBytes - 1}` } });
    if (!response.ok || !task.files.test.endsWith(".jsonl")) return [];
    const whole = (await response.text()).slice(0, maxBytes);
    const lines = whole.slice(0, whole.lastIndexOf("\n"));
    const textB = task.kind === "classification" ? task.fields.textB : null;
    return readJsonl(lines, task.files.test)
      .rows.slice(0, maxExamples)
      .map(({ fields }) => ({ text: String(fields[task.fields.text] ?? ""), textB: textB === null ? null : String(fields[textB] ?? "") }))
      .filter(({ text }) => text.trim() !== "");
  } catch {
    return [];
  }
}
