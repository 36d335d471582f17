import { createHash } from "node:crypto";
import { join } from "node:path";
import { readDatasetCards } from "@tutti/data/node";
import type { TaskData } from "@tutti/record";
import type { TaskSize } from "../experiment/estimate.ts";

/** A hash of the rows of every task whose data set was added to a public folder; what comes with the project has none. */
export async function hashRows(publicDir: string, tasks: readonly string[]): Promise<Map<string, string>> {
  const cards = await readDatasetCards(join(publicDir, "datasets"));
  return new Map(
    cards
      .filter(({ task }) => tasks.includes(task.name))
      .map(({ task, sha256 }) => [
        task.name,
        createHash("sha256")
          .update(JSON.stringify(Object.entries(sha256).sort()))
          .digest("hex"),
      ]),
  );
}

/** What the report says of the rows of each task. */
export async function describeData(publicDir: string, sizes: readonly TaskSize[]): Promise<TaskData[]> {
  const cards = await readDatasetCards(join(publicDir, "datasets"));
  const tasks = sizes.map(({ task }) => task);
  const rows = await hashRows(publicDir, tasks);
  return sizes.map(({ task, numTrain, numEvaluated, numTest }) => ({
    task,
    numTrain,
    numValidation: numEvaluated - numTest,
    numTest,
    notes: cards.find((card) => card.task.name === task)?.notes ?? [],
    rows: rows.get(task) ?? null,
  }));
}
