import type { ExperimentResult } from "../experiments/labResult.ts";
import { formatBytes, formatCount } from "../results/format.ts";
import { summarise } from "../statistics/summary.ts";
import { bytesOf } from "./costs.ts";
import { curveOf } from "./curves.ts";
import { distinctById, type Grid, type GridColumn, type GridRow } from "./grid.ts";
import { rankCorrelations } from "./layers.ts";
import type { Analysis, ScoreTable } from "./scoreTable.ts";
import { differenceText, listText, scoreText } from "./text.ts";

/** What came out, in sentences that follow from the numbers alone. */
export function findings(result: ExperimentResult, { grid, tables: all }: Analysis): string[] {
  const tables = all.filter(({ moment }) => moment === "final");
  return [
    extent(result, grid),
    ...tables.flatMap((table) => (methodsOf(grid).length > 1 ? aboutFedPepTao(grid, table) : [])),
    ...tables.filter(({ protocol }) => protocol === "global").flatMap((table) => [...aboutBest(table), ...belowMajority(table)]),
    ...aboutTraffic(grid),
    ...aboutRanks(grid),
    ...aboutSeeds(result),
  ];
}

const methodsOf = (grid: Grid) => [...new Set(grid.rows.map(({ method }) => method))];

function extent({ runs }: ExperimentResult, grid: Grid): string {
  const reported = distinctById(runs.filter(({ isRateTrial }) => !isRateTrial));
  const numTasks = new Set(grid.columns.map(({ task }) => task)).size;
  const seeds = [...new Set(reported.map(({ seed }) => seed))];
  const numMethods = methodsOf(grid).length;
  const lines = grid.rows.length === numMethods ? "" : ` in ${formatCount(grid.rows.length, "variant")}`;
  const what = `${formatCount(reported.length, "run")} of ${formatCount(numMethods, "method")}${lines} on ${formatCount(numTasks, "task")} with ${formatCount(seeds.length, "seed")}`;
  const trials = distinctById(runs).length - reported.length;
  const chosen = trials > 0 ? ` ${formatCount(trials, "further run")} only chose rates.` : "";
  return `${what}; ${grid.failed.length === 0 ? "none failed" : `${grid.failed.length} failed and ${grid.failed.length === 1 ? "is" : "are"} in no table`}.${chosen}`;
}

/** FedPepTAO beside the best other method, task by task, with no choice among its lines: silent where there are several. */
function aboutFedPepTao(grid: Grid, { protocol, rows }: ScoreTable): string[] {
  const own = rows.filter(({ row }) => row.method === "fedPepTao");
  const others = rows.filter(({ row }) => row.method !== "fedPepTao" && !row.isControl);
  const [line] = own;
  if (line === undefined || own.length > 1 || others.length === 0) return [];
  const outcomes = grid.columns.flatMap((column, index) => {
    const mine = line.cells[index];
    const rivals = others.flatMap(({ row, cells }) => {
      const cell = cells[index];
      return cell === undefined || cell.summary === null ? [] : [{ row, cell, mean: cell.summary.mean }];
    });
    const [rival] = rivals.sort((a, b) => b.mean - a.mean);
    if (mine === undefined || mine.summary === null || rival === undefined) return [];
    const gap = mine.summary.mean - rival.mean;
    const compared = (gap >= 0 ? rival.cell : mine).behindBest;
    const isTie = gap === 0 || (compared?.isTie ?? false);
    const text = `${column.label} (${differenceText(gap)} against ${rival.row.label}${gap >= 0 && isTie ? ", a tie" : ""})`;
    return [{ text, kind: gap >= 0 ? "best" : isTie ? "tie" : "behind", untested: compared === null && gap !== 0 ? [column.label] : [] }];
  });
  if (outcomes.length === 0) return [];
  const count = (kind: string) => outcomes.filter((outcome) => outcome.kind === kind);
  const parts = [
    count("best").length > 0
      ? `has the highest mean on ${listText(count("best").map(({ text }) => text))}`
      : "has the highest mean nowhere",
    ...(count("tie").length > 0 ? [`ties with the best on ${listText(count("tie").map(({ text }) => text))}`] : []),
    ...(count("behind").length > 0 ? [`is behind the best on ${listText(count("behind").map(({ text }) => text))}`] : []),
  ];
  const untested = outcomes.flatMap((outcome) => outcome.untested);
  const unknown = untested.length === 0 ? "" : ` On ${listText(untested)} a tie could not be tested.`;
  return [
    `Under the ${protocol} protocol, after the last round, FedPepTAO ${parts.join("; it ")}.${protocol === "global" ? unknown : " Ties are not tested under this protocol."}`,
  ];
}

function aboutBest({ columns, rows, protocol }: ScoreTable): string[] {
  return columns.flatMap((column, index) => {
    const here = rows.map(({ row, cells }) => ({ row, cell: cells[index] }));
    const best = here.filter(({ cell }) => cell?.isBest);
    const top = best[0]?.cell?.summary?.mean;
    if (top === undefined) return [];
    const [is, it] = best.length === 1 ? ["is", "it"] : ["are", "them"];
    const ties = here.filter(({ cell }) => cell?.behindBest?.isTie);
    const untested = here.filter(
      ({ row, cell }) => cell !== undefined && cell.summary !== null && !cell.isBest && !row.isControl && cell.behindBest === null,
    );
    const tied =
      ties.length === 0
        ? untested.length === 0
          ? `; no other method ties with ${it}`
          : ""
        : `; ${listText(ties.map(({ row }) => row.label))} ${ties.length === 1 ? "ties" : "tie"} with ${it}`;
    const unknown = untested.length > 0 ? `; for ${formatCount(untested.length, "method")} a tie could not be tested` : "";
    return [
      `${column.label}, ${protocol}: best ${is} ${listText(best.map(({ row }) => row.label))} with ${scoreText(top)}${tied}${unknown}.`,
    ];
  });
}

function belowMajority({ columns, rows, controls }: ScoreTable): string[] {
  const majority = controls.find(({ label }) => label === "Majority class");
  return columns.flatMap((column, index) => {
    const bound = majority?.cells[index] ?? null;
    if (bound === null) return [];
    const below = rows.filter(({ row, cells }) => !row.isControl && (cells[index]?.summary?.mean ?? Number.POSITIVE_INFINITY) <= bound);
    if (below.length === 0) return [];
    const who = listText(below.map(({ row }) => row.label));
    return [
      `${column.label}: ${who} ${below.length === 1 ? "is" : "are"} no better than always answering the commonest class (${scoreText(bound)}).`,
    ];
  });
}

/** FedPepTAO's traffic beside P-tuning v2's, which sends all layers, and when it has paid for Stages A and B. */
function aboutTraffic(grid: Grid): string[] {
  const own = grid.rows.filter(({ method }) => method === "fedPepTao");
  const all = grid.rows.filter(({ method }) => method === "pTuningV2");
  const [line, reference] = [own[0], all[0]];
  if (line === undefined || reference === undefined || own.length > 1 || all.length > 1) return [];
  const runsOf = (row: GridRow) => grid.columns.flatMap((column) => grid.runsOf(row, column));
  const [a, b] = [runsOf(line), runsOf(reference)];
  const [cost, other] = [summarise(a.map(bytesOf))?.mean, summarise(b.map(bytesOf))?.mean];
  if (cost === undefined || other === undefined || other === 0 || cost === 0) return [];
  const stages = summarise(a.map(({ bytes }) => bytes.stagesAB))?.mean ?? 0;
  const share = `${Math.round((100 * stages) / cost)} % of it in Stages A and B`;
  const sent = `FedPepTAO put ${formatBytes(Math.round(cost))} on the wire in a run, evaluations apart, ${share}: ${(cost / other).toFixed(2)} times the ${formatBytes(Math.round(other))} of ${reference.label}, which sends all layers.`;
  const rounds = grid.columns.flatMap((column) => {
    const round = paidBack(grid, [line, reference], column);
    return round === undefined ? [] : [{ label: column.label, round }];
  });
  const paid = rounds.filter(({ round }) => round !== null);
  const never = rounds.filter(({ round }) => round === null).map(({ label }) => label);
  const evaluated = [...new Set(paid.map(({ round }) => String(round)))];
  const when = paid.length === 0 ? [] : [`had paid for that by round ${listText(evaluated)} (${listText(paid.map(({ label }) => label))})`];
  const not = never.length === 0 ? [] : [`did not pay for it within the run on ${listText(never)}`];
  return [`${sent} ${when.length + not.length === 0 ? "" : `Its smaller uploads ${[...when, ...not].join("; they ")}.`}`.trim()];
}

/** The first evaluated round by which FedPepTAO had sent no more than the reference; null when there is none, undefined without curves. */
function paidBack(grid: Grid, lines: readonly [GridRow, GridRow], column: GridColumn): number | null | undefined {
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
  const known = rankCorrelations(grid).filter(({ mean }) => mean !== null);
  const values = known.flatMap(({ mean }) => mean ?? []);
  if (known.length === 0) return [];
  return [
    `The order of layer scores under two sets of conditions agrees with a rank correlation of ${scoreText(Math.min(...values))} to ${scoreText(Math.max(...values))} (${formatCount(known.length, "pair")}).`,
  ];
}

function aboutSeeds({ runs }: ExperimentResult): string[] {
  const numSeeds = new Set(runs.filter(({ isRateTrial }) => !isRateTrial).map(({ seed }) => seed)).size;
  return numSeeds >= 3
    ? []
    : [`With ${formatCount(numSeeds, "seed")} nothing is known of how the numbers vary from seed to seed: at least 3 are needed.`];
}
