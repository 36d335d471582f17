import type { ExperimentResult, Grid } from "@tutti/record";
import { layerScoresOf } from "@tutti/record";
import { escapeHtml } from "../run/report.ts";
import { type Against, curveFigure, type Shown } from "./curves.ts";
import type { Figure } from "./figure.ts";
import { findings } from "./findings.ts";
import { htmlFigure, htmlLegend, htmlList, paragraph } from "./html.ts";
import { heatMap, spectrumFigure } from "./layerFigures.ts";
import { provenanceText } from "./provenance.ts";
import { type Analysis, analyse } from "./scoreTable.ts";
import {
  caveats,
  costSection,
  definitionSection,
  failureSection,
  faultSection,
  layerTables,
  rateSection,
  scoreSection,
  taskSection,
  usageText,
} from "./sections.ts";
import { stylesheet } from "./style.ts";
import { tradeoffFigure } from "./tradeoffFigure.ts";

/** The command that makes an experiment again, from the project's folder; where it was not kept, the file's name stands for its path. */
export function commandOf({ command, preset, name }: ExperimentResult): string {
  return command ?? `npx tutti lab run ${preset ?? `${name}.yaml`}`;
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/** A self-contained page about an experiment: no script, no request, for phone, desk and paper, dark and light. */
export function renderPage(result: ExperimentResult, analysis = analyse(result)): string {
  const sections = sectionsOf(result, analysis).filter(({ html }) => html !== "");
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`).join("");
  const bodies = sections.map(({ id, title, html }) => `<section id="${id}">\n<h2>${escapeHtml(title)}</h2>\n${html}\n</section>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tutti lab: ${escapeHtml(result.title)}</title>
<style>${stylesheet}</style>
</head>
<body>
<header>
<h1>${escapeHtml(result.title)}</h1>
${paragraph(result.question)}
${paragraph(`${result.startedAt.replace("T", " ").slice(0, 16)}, ${provenanceText(result)}.`, "soft")}
</header>
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main>
${bodies.join("\n")}
</main>
</body>
</html>
`;
}

function sectionsOf(result: ExperimentResult, analysis: Analysis): Section[] {
  const { grid } = analysis;
  return [
    { id: "findings", title: "What came out", html: htmlList([...findings(result, analysis), ...caveats(result)]) },
    { id: "scores", title: "Scores", html: scoreSection(result, analysis) },
    { id: "tasks", title: "Tasks", html: taskSection(result, grid) },
    { id: "cost", title: "Cost", html: costSection(grid) },
    { id: "tradeoff", title: "Score against bytes", html: tradeoffSection(grid) },
    { id: "curves", title: "Curves", html: curveSection(grid) },
    { id: "layers", title: "Layers", html: layerSection(grid) },
    { id: "rates", title: "Rates", html: rateSection(result) },
    { id: "definitions", title: "Definitions", html: definitionSection(result) },
    { id: "faults", title: "Faults", html: faultSection(result) },
    { id: "failures", title: "Runs that failed", html: failureSection(grid) },
    { id: "configuration", title: "Configuration", html: configuration(result) },
  ];
}

const figures = (all: readonly Figure[]) =>
  all.length === 0 ? "" : `<div class="figures">${all.map((figure) => htmlFigure(figure)).join("\n")}</div>`;

function tradeoffSection(grid: Grid): string {
  const all = grid.columns.map((column) => tradeoffFigure(grid, column, "global")).filter((figure) => figure !== null);
  const [first] = all;
  if (first === undefined) return "";
  const text =
    "Full dots are on the Pareto front of the means: no other method has as high a mean for as few bytes. The line is the highest mean up to each number of bytes. No difference is tested here.";
  return `${paragraph(text, "soft")}${htmlLegend(first.legend)}${figures(all.map((figure) => ({ ...figure, legend: [] })))}`;
}

const curveKinds: readonly {
  readonly protocol: "global" | "personalised" | "newcomer";
  readonly shown: Shown;
  readonly against: Against;
}[] = [
  ...(["score", "loss"] as const).flatMap((shown) =>
    (["round", "bytes", "seconds"] as const).map((against) => ({ protocol: "global", shown, against }) as const),
  ),
  { protocol: "personalised", shown: "score", against: "round" },
  { protocol: "personalised", shown: "score", against: "bytes" },
  { protocol: "newcomer", shown: "score", against: "round" },
];

/** Every task's curves, with one legend for all of its figures. */
function curveSection(grid: Grid): string {
  return grid.columns
    .map((column) => {
      const all = curveKinds.map((kind) => curveFigure(grid, column, kind)).filter((figure) => figure !== null);
      const [first] = all;
      if (first === undefined) return "";
      return `<h3>${escapeHtml(column.label)}</h3>${htmlLegend(first.legend)}${figures(all.map((figure) => ({ ...figure, legend: [] })))}`;
    })
    .join("\n");
}

/** So many spectra are drawn; all are in results.json. */
const maxSpectra = 12;

function layerSection(grid: Grid): string {
  const maps = layerScoresOf(grid).map((scores) => htmlFigure(heatMap(scores), true));
  const probed = grid.rows.flatMap((row) =>
    grid.columns.flatMap((column) => {
      const run = grid.runsOf(row, column).find(({ spectra }) => spectra.length > 0);
      return run === undefined ? [] : [{ run, label: `${row.label}, ${column.label}` }];
    }),
  );
  const spectra = probed.slice(0, maxSpectra).map(({ run, label }) => spectrumFigure(run, label));
  const text =
    probed.length === 0
      ? ""
      : paragraph("Ritz values of the loss's curvature at the probing devices, of one seed each; all of them are in results.json.", "soft");
  return `${layerTables(grid)}${maps.join("\n")}${text}${figures(spectra)}`;
}

function configuration(result: ExperimentResult): string {
  const command = paragraph("The command that makes it again:");
  const own = paragraph(
    "Beside this page, experiment.yaml is the file that was run and results.json has every run's settings with all defaults.",
    "soft",
  );
  const notes = result.notes.length === 0 ? "" : htmlList(result.notes);
  const settings = result.runs[0]?.settings;
  const first =
    settings === undefined
      ? ""
      : `<details><summary>All settings of the first run</summary><pre>${escapeHtml(JSON.stringify(settings, null, 2))}</pre></details>`;
  return `${command}<pre><code>${escapeHtml(commandOf(result))}</code></pre>${own}${paragraph(`${provenanceText(result)}. ${usageText(result)}`.replace(/^c/, "C"))}${notes}<details open><summary>The experiment</summary><pre>${escapeHtml(JSON.stringify(result.experiment, null, 2))}</pre></details>${first}`;
}
