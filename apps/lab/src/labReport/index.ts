import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentResult } from "../experiments/labResult.ts";
import { renderCsv } from "./csv.ts";
import { renderLatex } from "./latex.ts";
import { renderPage } from "./page.ts";
import { analyse } from "./scoreTable.ts";

/** Writes results.json, report.html, results.csv and table.tex of an experiment into its folder, and gives their paths. */
export async function writeReport(result: ExperimentResult, folder: string): Promise<string[]> {
  const analysis = analyse(result);
  await mkdir(folder, { recursive: true });
  const files: readonly (readonly [string, string])[] = [
    ["results.json", `${JSON.stringify(result, null, 1)}\n`],
    ["report.html", renderPage(result, analysis)],
    ["results.csv", renderCsv(result)],
    ["table.tex", renderLatex(result, analysis)],
  ];
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return files.map(([name]) => join(folder, name));
}
