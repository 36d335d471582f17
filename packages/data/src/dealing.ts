import { createRandom, type DealtShares, dealShares, type RunSettings } from "@tutti/core";
import type { Dataset, Example } from "./example.ts";
import { findTask } from "./tasks.ts";

/** The shares of a run's devices, dealt as its tabs deal them. */
export function dealRun({ train, validation, test }: Dataset, { task, numDevices, partition, seed }: RunSettings): DealtShares {
  const numClasses = findTask(task).classes.length;
  return dealShares({
    train: splitOf(train, numClasses),
    test: splitOf(test, numClasses),
    numValidation: validation.length,
    numDevices,
    partition,
    random: createRandom(seed),
  });
}

/** Labels, and owners where every example has one. */
function splitOf(examples: readonly Example[], numClasses: number) {
  const labels = examples.map(({ label }) => label);
  const owners = examples.flatMap(({ owner }) => owner ?? []);
  return owners.length === examples.length ? { labels, numClasses, owners } : { labels, numClasses };
}
