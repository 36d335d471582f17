import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExperimentResult } from "@tutti/record";
import { renderCsv } from "./csv.ts";
import { renderLatex } from "./latex.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.ts";
import { analyse } from "./scoreTable.ts";
import { standaloneSvg } from "./standaloneSvg.ts";

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
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return files.map(([name]) => join(folder, name));
}
