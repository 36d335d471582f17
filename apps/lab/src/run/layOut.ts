import { sourcePathsOf } from "../experiment/attemptSources.ts";
import { wholeTask } from "../experiment/entries.ts";
import type { Experiment } from "../experiment/experimentSchema.ts";
import type { ExperimentPlan } from "../experiment/plannedRun.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { hashStart } from "./readStart.ts";
import { hashSources } from "./sourcePrompts.ts";
import { hashRows } from "./taskData.ts";

/** An experiment with what a public folder holds for it. */
export interface Layout {
  readonly plan: ExperimentPlan;
  /** Source prompts that are not trained yet, by their place in the public folder; runs that mix them get their ids from them. */
  readonly missingSources: readonly string[];
}

/** Lays an experiment out with the data sets and the source prompts that are there now. */
export async function layOut(experiment: Experiment, publicDir: string): Promise<Layout> {
  const tasks = experiment.tasks.map((task) => wholeTask(task).name);
  const rows = await hashRows(publicDir, tasks);
  const runs = allRuns(planExperiment(experiment, { rows }));
  const start = await hashStart(experiment, runs, publicDir);
  const paths = [...new Set(runs.flatMap(({ settings }) => sourcePathsOf(settings)))];
  const sources = await hashSources(publicDir, paths);
  return { plan: planExperiment(experiment, { rows, sources, start }), missingSources: paths.filter((path) => !sources.has(path)) };
}
