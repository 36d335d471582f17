import { join } from "node:path";
import { rememberDatasets } from "@tutti/data/node";
import { sourcePathsOf } from "../experiment/attemptSources.ts";
import { readExperiment } from "../experiment/experimentFile.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { nameOfRun } from "./board.ts";
import { layOut } from "./layOut.ts";
import { experimentsFolder, type LabOptions, presetNames } from "./options.ts";

/** The built-in experiments with what they ask, or the runs of one. */
export async function listExperiments({ file, publicDir }: Pick<LabOptions, "file" | "publicDir">): Promise<string> {
  await rememberDatasets(publicDir);
  if (file !== null) return listRuns(file, publicDir);
  const lines = presetNames().map((name) => {
    const { experiment } = readExperiment(join(experimentsFolder, `${name}.yaml`));
    const numRuns = allRuns(planExperiment(experiment)).length;
    return `${name.padEnd(20)} ${String(numRuns).padStart(4)} runs  ${experiment.question}`;
  });
  return lines.join("\n");
}

/** A run whose source prompts are not all trained has no id yet. */
async function listRuns(file: string, publicDir: string): Promise<string> {
  const { plan, missingSources } = await layOut(readExperiment(file).experiment, publicDir);
  const runs = allRuns(plan);
  const lines = runs.map((run) => {
    const isKnown = !sourcePathsOf(run.settings).some((path) => missingSources.includes(path));
    return `${isKnown ? run.id : "not known yet".padEnd(run.id.length)}  ${nameOfRun(run)}`;
  });
  const missing =
    missingSources.length === 0
      ? []
      : [`An id that is not known yet follows from source prompts to be trained: ${missingSources.join(", ")}`];
  return [...lines, ...missing, `${runs.length} runs`].join("\n");
}
