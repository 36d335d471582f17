import { createRandom, type DealtShares, dealShares, type PartitionInput, type RunSettings } from "@tutti/core";
import type { Dataset, Example, TextExample } from "./example.ts";
import type { TaskDefinition } from "./task.ts";
import { findTask } from "./tasks.ts";

/** What decides which examples a device holds. */
type DealtBy = Pick<RunSettings, "numDevices" | "partition" | "seed">;

/** The shares of a run's devices, dealt as its tabs deal them; throws where the task's rows have no label to deal by. */
export function dealDataset(
  task: TaskDefinition,
  { train, validation, test }: Dataset<Example | TextExample>,
  { numDevices, partition, seed }: DealtBy,
): DealtShares {
  requireDealable(task, partition);
  return dealShares({
    train: splitOf(task, train),
    test: splitOf(task, test),
    numValidation: validation.length,
    numDevices,
    partition,
    random: createRandom(seed),
  });
}

/** Throws where a partition goes by what the task's rows do not say. */
export function requireDealable(task: TaskDefinition, { kind }: RunSettings["partition"]): void {
  if (kind === "dirichletLabel" && task.kind !== "classification" && task.groups.length === 0)
    throw new Error(
      `${task.name} cannot be dealt out by label (partition.kind is "dirichletLabel"): its rows have no label; choose "byField", "dirichletQuantity" or "iid", or name a column such as the topic with \`tutti data add --label\``,
    );
  if (kind === "byField" && task.fields.owner === null)
    throw new Error(
      `${task.name} cannot be dealt out by owner (partition.kind is "byField"): its rows have none; choose another kind, or name the owners' column with \`tutti data add --owner\``,
    );
}

/** Classes, or the groups of a text task, and owners where every example has one. */
function splitOf(task: TaskDefinition, examples: readonly (Example | TextExample)[]): PartitionInput {
  const labels = examples.map((example) => ("kind" in example ? (example.group ?? 0) : example.label));
  const numClasses = task.kind === "classification" ? task.classes.length : Math.max(1, task.groups.length);
  const owners = examples.flatMap(({ owner }) => owner ?? []);
  return owners.length === examples.length ? { labels, numClasses, owners } : { labels, numClasses };
}

/** The same for the run's task, found by its name. */
export function dealRun(dataset: Dataset<Example | TextExample>, run: DealtBy & Pick<RunSettings, "task">): DealtShares {
  return dealDataset(findTask(run.task), dataset, run);
}
