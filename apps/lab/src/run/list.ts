import { join } from "node:path";
import { methodNames, methods, serverRates, strategies, tunings } from "@tutti/core";
import { rememberDatasets } from "@tutti/data/node";
import { sourcePathsOf } from "../experiment/attemptSources.ts";
import { readExperiment } from "../experiment/experimentFile.ts";
import { allRuns, planExperiment } from "../experiment/runPlan.ts";
import { nameOfRun } from "./board.ts";
import { layOut } from "./layOut.ts";
import { experimentsFolder, findExperiment, presetNames } from "./options.ts";

/** The built-in experiments with what they ask, a line each, and the methods that an experiment may have. */
export async function listExperiments(publicDir: string): Promise<string> {
  await rememberDatasets(publicDir);
  const experiments = await Promise.all(
    presetNames().map(async (name) => {
      const { experiment } = await readExperiment(join(experimentsFolder, `${name}.yaml`));
      const numRuns = allRuns(planExperiment(experiment)).length;
      return `${name.padEnd(20)} ${String(numRuns).padStart(4)} runs  ${experiment.question}`;
    }),
  );
  const comparison = methodNames.map((name) => `${name.padEnd(20)} ${methods[name].title}: ${methods[name].trained}`);
  const names = (of: string, table: object) => `${of}: ${Object.keys(table).join(", ")}`;
  return [
    ...experiments,
    "",
    "Methods of the comparison, `all` for every one:",
    ...comparison,
    "",
    names("Strategies", strategies),
    names("Tuning methods", tunings),
    names("Schedules of a server's rate", serverRates),
  ].join("\n");
}

/** The runs of one experiment, given by its name or file, a line each. A run whose source prompts are not all trained has no id yet. */
export async function listRuns(experiment: string, publicDir: string): Promise<string> {
  await rememberDatasets(publicDir);
  const { plan, missingSources } = await layOut(
    (await readExperiment(findExperiment(experiment).file, { publicDir })).experiment,
    publicDir,
  );
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
