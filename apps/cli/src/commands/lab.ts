import { writeFile } from "node:fs/promises";
import type { Command } from "commander";

/** `tutti lab`: what to do with experiments that have run. */
export function addLab(program: Command): void {
  const lab = program.command("lab").description("work with the results of experiments (npm run lab -- <preset | file.yaml> runs one)");
  lab
    .command("compare")
    .description("say where two experiments' settings differ, and by how much their scores")
    .argument("<first>", "folder of an experiment")
    .argument("<second>", "folder of another one")
    .option("--json <file>", "also write the comparison to this file")
    .addHelpText(
      "after",
      `
Examples:
  tutti lab compare lab/smoke lab/smoke-again
  tutti lab compare lab/peft lab/peft-longer --json difference.json

A difference is the second's mean over seeds minus the first's. The interval is of the difference under the global protocol, from a paired
bootstrap over the test rows; a tie is an interval that contains 0. There is none where the sides had other data files.`,
    )
    .action(async (first: string, second: string, { json }: { readonly json?: string }) => {
      const { compareExperiments, readExperimentResult, renderComparison } = await import("@tutti/report");
      const comparison = compareExperiments(await readExperimentResult(first), await readExperimentResult(second));
      console.log(renderComparison(comparison));
      if (json !== undefined) await writeFile(json, `${JSON.stringify(comparison, null, 2)}\n`);
    });
  lab
    .command("page")
    .description("write an experiment's results as a Markdown page with its drawings")
    .argument("<experiment>", "folder of an experiment")
    .argument("<folder>", "where the page and a folder of its name go")
    .addHelpText("after", "\nExample:\n  tutti lab page lab/peft-comparison docs/results")
    .action(async (experiment: string, folder: string) => {
      const { readExperimentResult, writeResultsPage } = await import("@tutti/report");
      const files = await writeResultsPage(await readExperimentResult(experiment), folder);
      console.log(`${files[0]} and ${files.length - 1} drawings`);
    });
}
