import { formatBytes, formatCount, formatNumber, formatSeconds } from "@tutti/core";
import type { ExperimentResult, LabRun } from "@tutti/record";
import { costHeads, costNotes, costTables, distinctById, type Grid, rankCorrelations, variantText } from "@tutti/record";
import { escapeHtml } from "../run/report.ts";
import { definitionsOf, fromMemoryNote, sourceTexts } from "./definitions.ts";
import { type Cell, htmlList, htmlTable, paragraph } from "./html.ts";
import { rateHeads, rateLines } from "./rateLines.ts";
import {
  type Analysis,
  bestRoundScope,
  boldText,
  reportedProtocols,
  type ScoreCell,
  type ScoreTable,
  tableTitle,
  tieScope,
} from "./scoreTable.ts";
import { labelWordsOf, labelWordsSeen, metricNames, splitTexts } from "./tasks.ts";
import { differenceText, fewerSeedsText, scoreText, summaryText, withRemarks } from "./text.ts";

const howToRead = (tables: readonly ScoreTable[]) => [
  `Mean ± standard deviation over seeds, on the test split.${boldText(tables)} Controls below the line do not compete. A mean over fewer seeds than the experiment has says over how many. ${bestRoundScope}`,
  `≈ marks a tie with the highest mean of the column: the 95 % interval of the difference, from a paired bootstrap over the test rows of these seeds, contains 0. It speaks of other test rows, not of other seeds, and is not corrected for the number of comparisons. ${tieScope}`,
  "Personalised: every device predicts its own share of the test split, which has its own label mix, so that knowing the mix alone already helps. Global: every device predicts a random slice of the whole split. Newcomer: a device that joins afterwards and trains nothing. Numbers of different protocols cannot be compared.",
];

/** Scores under every protocol. */
export function scoreSection(result: ExperimentResult, { tables }: Analysis): string {
  const blocks = reportedProtocols.flatMap((protocol) => {
    const shown = tables.filter((table) => table.protocol === protocol).map((table) => scoreHtml(table, result));
    return shown.length === 0 ? [] : [`<h3>${capital(protocol)}</h3><div class="pair">${shown.join("")}</div>`];
  });
  return blocks.length === 0
    ? paragraph("No run has a score.")
    : `${howToRead(tables)
        .map((text) => paragraph(text, "soft"))
        .join("")}${blocks.join("")}`;
}

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

function scoreHtml(table: ScoreTable, { runs }: ExperimentResult): string {
  const { columns, rows, controls, numSeeds, texts } = table;
  const backbone = runs[0]?.settings.backbone ?? "";
  const metrics = [...new Set(columns.map(({ metric }) => metric))];
  const unit = metrics.length === 1 && metrics[0] !== undefined ? metricNames[metrics[0]] : "the task's metric";
  const heads = columns.map(({ label, metric }, index) =>
    withRemarks(label, [metrics.length === 1 ? null : metricNames[metric], texts[index] ?? null]),
  );
  const line = ({ row, cells }: ScoreTable["rows"][number]) => ({
    cells: [row.label, ...cells.map((cell) => scoreCell(cell, numSeeds))],
    isControl: row.isControl,
  });
  const bounds = controls.map(({ label, cells }) => ({ cells: [label, ...cells.map(scoreText)], isControl: true }));
  const words = {
    cells: ["Label words seen in pretraining", ...columns.map(({ task }) => labelWordsSeen(backbone, task))],
    isControl: true,
  };
  const lines = [
    ...rows.filter(({ row }) => !row.isControl).map(line),
    ...bounds,
    ...rows.filter(({ row }) => row.isControl).map(line),
    words,
  ];
  return htmlTable(`${capital(tableTitle(table))} (${unit})`, ["method", ...heads], lines, "scores");
}

function scoreCell({ summary, isBest, behindTop }: ScoreCell, numSeeds: number): Cell {
  const text = `${summaryText(summary)}${fewerSeedsText(summary, numSeeds)}`;
  const seeds = summary === null ? "" : formatCount(summary.count, "seed");
  if (behindTop === null) return { text, isBold: isBest, ...(summary === null ? {} : { hint: seeds }) };
  const { difference, low, high, isTie } = behindTop;
  const hint = `${seeds}; the highest mean is ahead by ${scoreText(difference)}, 95 % interval ${scoreText(low)} to ${scoreText(high)}`;
  return { text: `${isTie ? "≈ " : ""}${text}`, hint };
}

/** The tasks, what is on record of their label words and splits. */
export function taskSection(result: ExperimentResult, grid: Grid): string {
  const { runs } = result;
  const names = [...new Set(grid.columns.map(({ task }) => task))];
  const backbones = [...new Set(runs.map(({ settings }) => settings.backbone))];
  const lines = names.map((task) => {
    const own = runs.filter((run) => run.task === task);
    const notes = splitTexts(result, task, names).join(" ");
    const seen = backbones.map((backbone) => `${backbones.length > 1 ? `${backbone}: ` : ""}${labelWordsSeen(backbone, task)}`).join("; ");
    const metric = own[0] === undefined ? "–" : metricNames[own[0].metric];
    return {
      cells: [task, { text: metric, isText: true }, prose(labelWordsOf(task)), prose(seen), prose(notes)],
    };
  });
  const heads = ["task", { text: "metric", isText: true }, prose("label words"), prose("label words seen in pretraining"), prose("rows")];
  const text = `Label words are asked for by the zero-shot control, and by every method whose head is label words. Where pretraining already used them as labels, the zero-shot score is not from a model that never saw them (${backbones.join(", ")}).`;
  return `${htmlTable("What is known of each task", heads, lines)}${paragraph(text, "soft")}`;
}

const prose = (text: string): Cell => ({ text: text === "" ? "–" : text, isText: true });

/** Bytes and seconds. */
export function costSection(grid: Grid): string {
  const heads = ["method", ...costHeads, "runs"];
  const bytes = (value: number) => formatBytes(Math.round(value));
  const tables = costTables(grid).map(({ conditions, costs }) => {
    const lines = costs.map(({ row, ...cost }) => ({
      cells: [
        row.label,
        ...[cost.bytesUp, cost.bytesDown, cost.bytesStagesAB, cost.bytesEvaluation].map(bytes),
        ...[cost.secondsTraining, cost.secondsTotal].map((seconds) => seconds.toFixed(1)),
        String(cost.numRuns),
      ],
      isControl: row.isControl,
    }));
    return htmlTable(`Mean cost of a run${conditions === "" ? "" : `, ${conditions}`}`, heads, lines);
  });
  return `${tables.join("")}${costNotes.map((text) => paragraph(text, "soft")).join("")}`;
}

/** Which layers travel, and how alike conditions order them. */
export function layerTables(grid: Grid): string {
  const runs = grid.rows.flatMap((row) => grid.columns.flatMap((column) => grid.runsOf(row, column).map((run) => ({ row, column, run }))));
  const selecting = runs.filter(({ run }) => run.selector !== null);
  const lines = selecting.map(({ row, column, run }) => ({
    cells: [
      row.label,
      prose(column.label),
      String(run.seed),
      scoreText(run.keepFraction),
      String(run.selectedLayers.length),
      prose(run.selectedLayers.join(", ")),
    ],
  }));
  const heads = ["method", prose("task"), "seed", "r", "layers", prose("that travel")];
  const selected = lines.length === 0 ? "" : htmlTable("Layers that travel: r is the share to keep", heads, lines);
  const correlations = rankCorrelations(grid).map(({ row, first, second, mean, numSeeds }) => ({
    cells: [row.label, prose(first), prose(second), mean === null ? "–" : differenceText(mean), String(numSeeds)],
  }));
  const ranks =
    correlations.length === 0
      ? ""
      : htmlTable("Spearman's ρ of layer scores, mean over seeds", ["method", prose("between"), prose("and"), "ρ", "seeds"], correlations);
  return `${selected}${ranks}`;
}

/** What the methods are, with publications and deviations, and the prompts that were trained before. */
export function definitionSection(result: ExperimentResult): string {
  const items = definitionsOf(result.runs).map(({ title, publication, deviations }) => {
    const source =
      publication === null
        ? ""
        : `<dd>${escapeHtml(publication.authors)}: <a href="${escapeHtml(publication.link)}">${escapeHtml(publication.title)}</a>, ${escapeHtml(publication.venue)} ${publication.year}.</dd>`;
    const own = deviations.length === 0 ? "" : `<dd><ul>${deviations.map((text) => `<li>${escapeHtml(text)}</li>`).join("")}</ul></dd>`;
    return `<dt>${escapeHtml(title)}</dt>${source}${own}`;
  });
  const sources = sourceTexts(result);
  const trained = sources.length === 0 ? "" : `<h3>Source prompts</h3>${htmlList(sources)}`;
  return `${paragraph(fromMemoryNote)}<dl>${items.join("")}</dl>${trained}`;
}

/** Rates that were tried, chosen on validation; empty where none were. */
export function rateSection(result: ExperimentResult): string {
  const lines = rateLines(result).map(([what, seed, numRows, tried, chosen]) => ({ cells: [what, seed, numRows, prose(tried), chosen] }));
  const heads = rateHeads.map((head) => (head === "tried" ? prose(head) : head));
  return lines.length === 0 ? "" : htmlTable("Rates tried on one seed: score on the validation split", heads, lines);
}

/** Faults that were injected on purpose. */
export function faultSection({ runs }: ExperimentResult): string {
  const kinds = ["drop", "slow", "duplicate", "reorder", "corrupt", "reload"] as const;
  const lines = runs.flatMap((run) => {
    const { faults } = run;
    if (faults === null) return [];
    return [
      {
        cells: [
          nameOf(run),
          String(faults.plan.seed),
          ...kinds.map((kind) => `${faults.counts[kind]} (${formatNumber(faults.plan[kind])})`),
        ],
      },
    ];
  });
  return lines.length === 0
    ? paragraph("No faults were injected.")
    : htmlTable("Faults that happened, and their probability", ["run", "seed", ...kinds], lines);
}

/** Runs that failed, and why. */
export function failureSection(grid: Grid): string {
  const lines = grid.failed.map((run) => ({ cells: [nameOf(run), prose(run.error ?? "")] }));
  return lines.length === 0 ? paragraph("Every run finished.") : htmlTable("Runs that failed", ["run", prose("why")], lines);
}

function nameOf(run: LabRun): string {
  const variant = variantText(run);
  return `${run.methodTitle}${variant === "" ? "" : `, ${variant}`}, ${run.task}, seed ${run.seed}`;
}

/** What a reader has to know of the numbers' completeness: coverage and answers that could not be replayed. */
export function caveats({ runs }: ExperimentResult): string[] {
  const last = runs.flatMap(({ curve, settings }) => curve.filter(({ round, split }) => split === "test" && round === settings.numRounds));
  const coverage = Math.min(1, ...last.map((point) => point.coverage));
  const unknown = [
    ...new Set(runs.flatMap(({ correct, correctNote, error }) => (correct === null && error === null ? (correctNote ?? []) : []))),
  ];
  return [
    coverage < 1
      ? `In the last evaluation not all devices answered: coverage fell to ${Math.round(coverage * 100)} %.`
      : "All devices answered in the last evaluation.",
    ...unknown.map((note) => `Differences could not be tested everywhere: ${note}`),
  ];
}

/** How the machine was used, a sentence; runs may have been made at once, so their times are said to be a sum. */
export function usageText(result: ExperimentResult): string {
  const runs = distinctById(result.runs);
  const shares = runs.flatMap(({ usage }) => usage.clientsFraction ?? []);
  const idle = runs.flatMap(({ usage }) => usage.orchestrationFraction ?? []);
  const total = formatSeconds(runs.reduce((sum, { seconds }) => sum + seconds.total, 0));
  const mean = (values: readonly number[]) => Math.round((100 * values.reduce((sum, value) => sum + value, 0)) / values.length);
  const used = shares.length === 0 ? "" : `; clients used ${mean(shares)} % of the cores in train steps`;
  const waited = idle.length === 0 ? "" : `; in ${mean(idle)} % of the steps' time no device had a task`;
  const backends = [...new Set(runs.map(({ backend, clients }) => `${backend} in ${clients === "tabs" ? "tabs" : "Node processes"}`))].join(
    ", ",
  );
  return `${formatCount(runs.length, "run")} took ${total} added up on ${backends}${used}${waited}.`;
}
