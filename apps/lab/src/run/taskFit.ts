import { needsCompute, strategyTitle } from "@tutti/core";
import { findTask, numClassesOf, requireTextTask } from "@tutti/data";
import { requireAnswering, requirePair } from "@tutti/server";
import type { PlannedRun } from "../experiment/plannedRun.ts";

/** What of a run does not go with the kind of its task, a sentence each. A backbone of random layers is not there yet, and is an encoder. */
export function taskMisfits(
  publicDir: string,
  { task: name, settings: run }: Pick<PlannedRun, "task" | "settings">,
  isRandom: boolean,
): string[] {
  const task = findTask(name);
  const numClasses = numClassesOf(task);
  const encoder = `task: ${name} is answered with text, and ${run.backbone} reads the whole text at once, as minuet does; choose a gpt2 or llama backbone`;
  return [
    ...sentencesOf(() => {
      if (needsCompute(run)) requireTextTask(task, strategyTitle(run.strategy));
    }),
    ...(numClasses === null && run.tuning.head === "linear"
      ? [`${name} has no classes for a linear head: set tuning.head to labelWords, or leave it out`]
      : []),
    ...(isRandom && numClasses === null ? [encoder] : []),
    ...(isRandom ? [] : sentencesOf(() => requireAnswering({ publicDir, run }, numClasses))),
    ...(isRandom ? [] : sentencesOf(() => requirePair(publicDir, run))),
  ];
}

/** What a check throws; nothing where it holds. */
function sentencesOf(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
