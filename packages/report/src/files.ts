import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { analyse, type ExperimentResult } from "@tutti/record";
import { writeWhole } from "@tutti/terminal";
import { renderCsv } from "./csv.ts";
import { standaloneSvg } from "./figures/standaloneSvg.tsx";
import { renderLatex } from "./latex.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";

/** Writes results.json, report.html, results.csv and table.tex of an experiment into its folder, and gives their paths. */
export async function writeReport(result: ExperimentResult, folder: string): Promise<string[]> {
  const analysis = analyse(result);
  await mkdir(folder, { recursive: true });
  return writeAll(folder, [
    ["results.json", `${JSON.stringify(result, null, 1)}\n`],
    ["report.html", renderPage(result, analysis)],
    ["results.csv", renderCsv(result)],
    ["table.tex", renderLatex(result, analysis)],
  ]);
}

/** Writes report.html, results.json and results.csv of a run by itself, over or not, into its folder: each as a whole, whatever stops this. */
export async function writeRunReport(result: ExperimentResult, folder: string): Promise<string[]> {
  return writeAll(folder, [
    ["results.json", `${JSON.stringify(result, null, 1)}\n`],
    ["results.csv", renderCsv(result)],
    ["report.html", renderPage(result)],
  ]);
}

/** Writes `<name>.md` into a folder of documents and its drawings into `<name>/` beside it, which it empties first. */
export async function writeResultsPage(result: ExperimentResult, folder: string): Promise<string[]> {
  const name = result.name.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^\.+/, "");
  if (name === "") throw new Error(`"${result.name}" gives no name for a page`);
  const { text, figures } = renderMarkdown(result, name);
  const drawings = join(folder, name);
  await rm(drawings, { recursive: true, force: true });
  await mkdir(drawings, { recursive: true });
  const page = await writeAll(folder, [[`${name}.md`, text]]);
  return [
    ...page,
    ...(await writeAll(
      drawings,
      figures.map(({ name: file, figure }) => [`${file}.svg`, standaloneSvg(figure)]),
    )),
  ];
}

async function writeAll(folder: string, files: readonly (readonly [string, string])[]): Promise<string[]> {
  for (const [name, text] of files) await writeWhole(join(folder, name), text);
  return files.map(([name]) => join(folder, name));
}
