import { type ExperimentResult, rangeOf, type ScoreCell, type ScoreTable } from "@tutti/record";
import { escapeLatex, type HeadGroup, labelOf, lineOf, tabular } from "./latexTabular.ts";
import { latexMarks, latexMoments, latexScoresCaption, tieScope } from "./sentences/scores.ts";
import { capital, fewerSeedsText, textsText } from "./text.ts";
import { controlLines } from "./textScores.ts";
import { metricNames } from "./words.ts";

/** A column of a LaTeX table: a task under one protocol at one moment. */
interface Place {
  readonly table: ScoreTable;
  readonly index: number;
}

/** Columns of one LaTeX table, in groups with a head each. */
interface Layout {
  readonly title: string;
  readonly suffix: string;
  readonly groups: readonly { readonly title: string; readonly places: readonly Place[] }[];
}

/** All scores: one table where there is one task, else one for each protocol; the last round and the chosen one are beside each other. */
export function latexScores(tables: readonly ScoreTable[], result: ExperimentResult): string[] {
  const protocols = [...new Set(tables.map(({ protocol }) => protocol))].map((protocol) =>
    tables.filter((table) => table.protocol === protocol),
  );
  const columns = tables[0]?.columns ?? [];
  const layouts = columns.length === 1 ? [ofOneTask(protocols)] : protocols.map(ofOneProtocol);
  return layouts.map((layout) => scoresOf(layout, result));
}

function ofOneTask(protocols: readonly (readonly ScoreTable[])[]): Layout {
  const groups = protocols.map((tables) => ({
    title: capital(tables[0]?.protocol ?? ""),
    places: tables.map((table) => ({ table, index: 0 })),
  }));
  return { title: protocols[0]?.[0]?.columns[0]?.label ?? "", suffix: "scores", groups };
}

function ofOneProtocol(tables: readonly ScoreTable[]): Layout {
  const protocol = tables[0]?.protocol ?? "";
  const groups = (tables[0]?.columns ?? []).map(({ label }, index) => ({
    title: label,
    places: tables.map((table) => ({ table, index })),
  }));
  return { title: protocol, suffix: protocol, groups };
}

function scoresOf({ title, suffix, groups }: Layout, result: ExperimentResult): string {
  const places = groups.flatMap((group) => group.places);
  const cells = places.flatMap(({ table, index }) => table.rows.flatMap((row) => row.cells[index] ?? []));
  const metrics = [...new Set(places.flatMap(({ table, index }) => table.columns[index]?.metric ?? []))].map(
    (metric) => metricNames[metric],
  );
  const marks = marksOf(cells);
  const scope = places.some(({ table }) => table.protocol === "global") ? [escapeLatex(tieScope)] : [];
  const caption = [escapeLatex(latexScoresCaption(result.title, title, metrics)), ...textsOf(groups), ...marks, ...scope].join(" ");
  const heads: HeadGroup[] = groups.map((group) => ({ title: escapeLatex(group.title), numColumns: group.places.length }));
  return tabular({
    caption,
    label: labelOf(result.name, suffix),
    groups: heads,
    heads: ["Method", ...places.map(({ table }) => latexMoments[table.moment])],
    blocks: [{ lines: methodLines(places, false) }, { lines: [...boundLines(places), ...methodLines(places, true)] }],
  });
}

/** What bold and = say, where they are used. */
function marksOf(cells: readonly ScoreCell[]): string[] {
  const bold = cells.some(({ isBest }) => isBest) ? [latexMarks.bold] : [];
  const ties = cells.some(({ behindTop }) => behindTop?.isTie === true) ? [latexMarks.tie] : [];
  return [...bold, ...ties].map((mark) => `${mark}${latexMarks.byTest}`);
}

/** Of how many texts the scores under each head are. */
function textsOf(groups: Layout["groups"]): string[] {
  const counts = groups.flatMap(({ title, places }) => {
    const ranges = places.flatMap(({ table, index }) => table.texts[index] ?? []);
    const text = textsText(rangeOf(ranges.flatMap(({ least, most }) => [least, most])));
    return text === null ? [] : [`${title} ${text}`];
  });
  return counts.length === 0 ? [] : [escapeLatex(`${counts.join(", ")}.`)];
}

function methodLines(places: readonly Place[], isControl: boolean): string[] {
  const rows = new Map(places.flatMap(({ table }) => table.rows.map(({ row }) => [row.key, row] as const)));
  return [...rows.values()]
    .filter((row) => row.isControl === isControl)
    .map((row) => lineOf([escapeLatex(row.label), ...places.map((place) => cellAt(place, row.key))]));
}

function cellAt({ table, index }: Place, key: string): string {
  const cell = table.rows.find(({ row }) => row.key === key)?.cells[index];
  return cell === undefined ? "--" : cellText(cell, table.numSeeds);
}

/** What no training is needed for, the same under every protocol and at every moment. */
function boundLines(places: readonly Place[]): string[] {
  const lines = places.map(({ table, index }) => controlLines(table).map(({ name, cells }) => ({ name, value: cells[index] ?? null })));
  return (lines[0] ?? []).map(({ name }, at) => lineOf([escapeLatex(name), ...lines.map((cells) => numberText(cells[at]?.value ?? null))]));
}

function cellText({ summary, isBest, behindTop }: ScoreCell, numSeeds: number): string {
  if (summary === null) return "--";
  const mean = summary.mean.toFixed(3);
  const spread = summary.stdDev === null ? "" : ` \\pm ${summary.stdDev.toFixed(3)}`;
  return `$${isBest ? `\\mathbf{${mean}}` : mean}${spread}${behindTop?.isTie ? "^{=}" : ""}$${fewerSeedsText(summary, numSeeds)}`;
}

function numberText(value: number | null): string {
  return value === null ? "--" : `$${value.toFixed(3)}$`;
}
