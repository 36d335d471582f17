import { findMethod } from "@tutti/core";
import type { ExperimentResult, Grid, GridColumn, GridRow, RunRecord, ScoreCell, ScoreTable } from "@tutti/record";
import { type Analysis, attackTables, bytesOf, distinctById, fewestSeeds, isAttacked, rankCorrelations, summarise } from "@tutti/record";
import { attackFindings } from "./attackLines.ts";
import { curveOf } from "./figures/curves.ts";
import {
  belowMajorityText,
  extentText,
  fewSeedsText,
  rankText,
  type Standing,
  type StandingOnTask,
  standingText,
  topText,
  trafficText,
} from "./sentences/findings.ts";
import { textsText } from "./text.ts";

/** What the numbers alone say, in sentences. */
export function findings(result: ExperimentResult, { grid, tables: all }: Analysis): string[] {
  if (isAttacked(result)) return [extent(result, grid), ...attackFindings(attackTables(result, grid))];
  const tables = all.filter(({ moment }) => moment === "final");
  return [
    extent(result, grid),
    ...tables.flatMap((table) => (methodsOf(grid).length > 1 ? aboutFedPepTao(grid, table) : [])),
    ...tables.filter(({ protocol }) => protocol === "global").flatMap((table) => [...aboutTop(table), ...belowMajority(table)]),
    ...aboutTraffic(grid),
    ...aboutRanks(grid),
    ...aboutSeeds(result),
  ];
}

/** Whether a line is of this project's own method. */
const isOwn = ({ method }: GridRow) => findMethod(method)?.role === "own";

const methodsOf = (grid: Grid) => [...new Set(grid.rows.map(({ method }) => method))];

function extent({ runs }: ExperimentResult, grid: Grid): string {
  const reported = distinctById(runs.filter(({ isRateTrial }) => !isRateTrial));
  return extentText({
    numRuns: reported.length,
    numMethods: methodsOf(grid).length,
    numRows: grid.rows.length,
    numTasks: new Set(grid.columns.map(({ task }) => task)).size,
    numSeeds: new Set(reported.map(({ seed }) => seed)).size,
    numFailed: grid.failed.length,
    numTrials: distinctById(runs).length - reported.length,
  });
}

/** FedPepTAO beside the other method with the highest mean, task by task, with no choice among its lines: silent where there are several. */
function aboutFedPepTao(grid: Grid, { protocol, rows }: ScoreTable): string[] {
  const own = rows.filter(({ row }) => isOwn(row));
  const others = rows.filter(({ row }) => !isOwn(row) && !row.isControl);
  const [line] = own;
  if (line === undefined || own.length > 1 || others.length === 0) return [];
  const outcomes = grid.columns.flatMap((column, index) => standingOn(column, line.cells[index], rivalsIn(others, index)));
  return outcomes.length === 0 ? [] : [standingText(protocol, outcomes)];
}

interface Rival {
  readonly row: GridRow;
  readonly cell: ScoreCell;
  readonly mean: number;
}

/** The highest mean first. */
function rivalsIn(rows: ScoreTable["rows"], index: number): Rival[] {
  const rivals = rows.flatMap(({ row, cells }) => {
    const cell = cells[index];
    return cell === undefined || cell.summary === null ? [] : [{ row, cell, mean: cell.summary.mean }];
  });
  return rivals.sort((a, b) => b.mean - a.mean);
}

function standingOn({ label }: GridColumn, mine: ScoreCell | undefined, rivals: readonly Rival[]): StandingOnTask[] {
  const [rival] = rivals;
  if (mine === undefined || mine.summary === null || rival === undefined) return [];
  const standing = standingOf(
    mine,
    rivals.map(({ cell }) => cell),
  );
  return [{ standing, label, difference: mine.summary.mean - rival.mean, rival: rival.row.label }];
}

function standingOf(mine: ScoreCell, rivals: readonly ScoreCell[]): Standing {
  if (mine.isBest) return "best";
  if (!mine.isTop) return mine.behindTop === null ? "untestedBelow" : mine.behindTop.isTie ? "tie" : "behind";
  // all but the one that the others are tested against
  const isTested = [mine, ...rivals].filter(({ behindTop }) => behindTop === null).length === 1;
  return isTested ? "highest" : "untestedHighest";
}

function aboutTop({ columns, rows, protocol, texts }: ScoreTable): string[] {
  return columns.flatMap(({ label }, index) => {
    const here = rows.map(({ row, cells }) => ({ row, cell: cells[index] }));
    const top = here.filter(({ cell }) => cell?.isTop);
    const mean = top[0]?.cell?.summary?.mean;
    if (mean === undefined) return [];
    const others = here.filter(({ row, cell }) => cell !== undefined && cell.summary !== null && !cell.isTop && !row.isControl);
    return [
      topText({
        label,
        protocol,
        mean,
        names: top.map(({ row }) => row.label),
        texts: textsText(texts[index] ?? null),
        isBest: top.some(({ cell }) => cell?.isBest),
        ties: others.filter(({ cell }) => cell?.behindTop?.isTie).map(({ row }) => row.label),
        numUntested: others.filter(({ cell }) => cell?.behindTop === null).length,
      }),
    ];
  });
}

function belowMajority({ columns, rows, controls, texts }: ScoreTable): string[] {
  const majority = controls.find(({ control }) => control === "majority");
  return columns.flatMap(({ label }, index) => {
    const bound = majority?.cells[index] ?? null;
    if (bound === null) return [];
    const below = rows.filter(({ row, cells }) => !row.isControl && (cells[index]?.summary?.mean ?? Number.POSITIVE_INFINITY) <= bound);
    if (below.length === 0) return [];
    const names = below.map(({ row }) => row.label);
    return [belowMajorityText(label, names, bound, textsText(texts[index] ?? null))];
  });
}

/** FedPepTAO's traffic beside P-tuning v2's, which sends all layers, and when it has paid for Stages A and B. */
function aboutTraffic(grid: Grid): string[] {
  const own = grid.rows.filter(isOwn);
  const all = grid.rows.filter(({ method }) => findMethod(method)?.isTrafficReference);
  const [line, reference] = [own[0], all[0]];
  if (line === undefined || reference === undefined || own.length > 1 || all.length > 1) return [];
  const runsOf = (row: GridRow) => grid.columns.flatMap((column) => grid.runsOf(row, column));
  const [bytes, otherBytes] = [meanOf(runsOf(line), bytesOf), meanOf(runsOf(reference), bytesOf)];
  if (bytes === 0 || otherBytes === 0) return [];
  const stagesAB = meanOf(runsOf(line), (run) => run.bytes.stagesAB);
  const paidBack = grid.columns.flatMap((column) => {
    const round = paidBackRound(grid, [line, reference], column);
    return round === undefined ? [] : [{ label: column.label, round }];
  });
  return [trafficText({ bytes, stagesAB, otherBytes, other: reference.label, paidBack })];
}

const meanOf = (runs: readonly RunRecord[], of: (run: RunRecord) => number) => summarise(runs.map(of))?.mean ?? 0;

/** The first evaluated round by which FedPepTAO had sent no more than the reference; null when there is none, undefined without curves. */
function paidBackRound(grid: Grid, lines: readonly [GridRow, GridRow], column: GridColumn): number | null | undefined {
  const [own, reference] = lines.map((row) => {
    const runs = grid.runsOf(row, column);
    const bytes = curveOf(runs, "global", "loss", "bytes");
    return curveOf(runs, "global", "loss", "round").map(({ x }, index) => ({ round: x, bytes: bytes[index]?.x ?? 0 }));
  });
  if (own === undefined || reference === undefined || own.length === 0 || reference.length === 0) return undefined;
  const first = own.find(({ round, bytes }) => bytes <= (reference.find((point) => point.round === round)?.bytes ?? -1));
  return first?.round ?? null;
}

function aboutRanks(grid: Grid): string[] {
  const values = rankCorrelations(grid).flatMap(({ mean }) => mean ?? []);
  return values.length === 0 ? [] : [rankText(Math.min(...values), Math.max(...values), values.length)];
}

function aboutSeeds({ runs }: ExperimentResult): string[] {
  const numSeeds = new Set(runs.filter(({ isRateTrial }) => !isRateTrial).map(({ seed }) => seed)).size;
  return numSeeds >= fewestSeeds ? [] : [fewSeedsText(numSeeds)];
}
