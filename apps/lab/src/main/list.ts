import { join } from "node:path";
import { rememberDatasets } from "@tutti/data/node";
import { readExperiment } from "../experiments/experimentFile.ts";
import { allRuns, planExperiment } from "../experiments/runPlan.ts";
import { nameOfRun } from "./board.ts";
import { experimentsFolder, type LabOptions, presetNames } from "./options.ts";
import { hashRows } from "./taskData.ts";

/** The built-in experiments with what they ask, or the runs of one. */
export async function listExperiments({ file, publicDir }: Pick<LabOptions, "file" | "publicDir">): Promise<string> {
  await rememberDatasets(publicDir);
  if (file !== null) {
    const { experiment } = readExperiment(file);
    const tasks = experiment.tasks.map((task) => (typeof task === "string" ? task : task.name));
    const runs = allRuns(planExperiment(experiment, await hashRows(publicDir, tasks)));
    return [...runs.map((run) => `${run.id}  ${nameOfRun(run)}`), `${runs.length} runs`].join("\n");
  }
  const lines = presetNames().map((name) => {
    const { experiment } = readExperiment(join(experimentsFolder, `${name}.yaml`));
    const numRuns = allRuns(planExperiment(experiment)).length;
    return `${name.padEnd(20)} ${String(numRuns).padStart(4)} runs  ${experiment.question}`;
  });
  return lines.join("\n");
}
