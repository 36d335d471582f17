import { createRandom, type DealtShares, dealShares, dealSkewed, type PartitionInput, publicRows, type RunSettings } from "@tutti/core";
import type { Dataset, Example, TextExample } from "./example.ts";
import type { TaskDefinition } from "./task.ts";
import { findTask } from "./tasks.ts";

/** What decides which examples a device holds. */
type DealtBy = Pick<RunSettings, "numDevices" | "partition" | "seed"> & Partial<Pick<RunSettings, "strategy">>;

/** The shares of a run's devices, dealt as its tabs deal them, without the rows that its server reads; throws where the task's rows have no label to deal by. */
export function dealDataset(
  task: TaskDefinition,
  { train, validation, test }: Dataset<Example | TextExample>,
  { numDevices, partition, seed, strategy }: DealtBy,
): DealtShares {
  requireDealable(task, partition);
  const isPublic = new Set(strategy === undefined ? [] : publicRows({ seed, strategy }, train.length));
  const own = train.flatMap((example, row) => (isPublic.has(row) ? [] : [{ example, row }]));
  const dealt = dealShares({
    train: splitOf(
      task,
      own.map(({ example }) => example),
    ),
    test: splitOf(task, test),
    numValidation: validation.length,
    numDevices,
    partition,
    random: createRandom(seed),
  });
  if (isPublic.size === 0) return dealt;
  return { ...dealt, shares: dealt.shares.map((share) => ({ ...share, train: share.train.flatMap((at) => own[at]?.row ?? []) })) };
}

/**
 * The training rows of each share when they are dealt again by label for a lesson, from a run's shares and in their sizes; throws where the task's rows have no
 * label.
 */
export function dealDatasetSkewed(
  task: TaskDefinition,
  { train }: Pick<Dataset<Example | TextExample>, "train">,
  { shares, dirichletAlpha, seed }: { readonly shares: DealtShares["shares"]; readonly dirichletAlpha: number; readonly seed: number },
): number[][] {
  requireDealable(task, { kind: "dirichletLabel", dirichletAlpha });
  const own = shares.flatMap((share) => share.train).sort((a, b) => a - b);
  const dealt = dealSkewed({
    train: splitOf(
      task,
      own.map((row) => train[row]).filter((example) => example !== undefined),
    ),
    sizes: shares.map((share) => share.train.length),
    dirichletAlpha,
    random: createRandom(seed),
  });
  return dealt.map((rows) => rows.flatMap((at) => own[at] ?? []));
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
