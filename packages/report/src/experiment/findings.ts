import { findMethod, formatBytes, formatCount } from "@tutti/core";
import type { ExperimentResult } from "@tutti/record";
import { bytesOf, distinctById, fewestSeeds, type Grid, type GridColumn, type GridRow, rankCorrelations, summarise } from "@tutti/record";
import { curveOf } from "./curves.ts";
import type { Analysis, ScoreCell, ScoreTable } from "./scoreTable.ts";
import { differenceText, listText, scoreText, withRemarks } from "./text.ts";

/** What came out, in sentences that follow from the numbers alone. */
export function findings(result: ExperimentResult, { grid, tables: all }: Analysis): string[] {
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
  const numTasks = new Set(grid.columns.map(({ task }) => task)).size;
  const seeds = [...new Set(reported.map(({ seed }) => seed))];
  const numMethods = methodsOf(grid).length;
  const lines = grid.rows.length === numMethods ? "" : ` in ${formatCount(grid.rows.length, "variant")}`;
  const what = `${formatCount(reported.length, "run")} of ${formatCount(numMethods, "method")}${lines} on ${formatCount(numTasks, "task")} with ${formatCount(seeds.length, "seed")}`;
  const trials = distinctById(runs).length - reported.length;
  const chosen = trials > 0 ? ` ${formatCount(trials, "further run")} only chose rates.` : "";
  return `${what}; ${grid.failed.length === 0 ? "none failed" : `${grid.failed.length} failed and ${grid.failed.length === 1 ? "is" : "are"} in no table`}.${chosen}`;
}

/** What the test says of FedPepTAO on a task. */
type Standing = "best" | "highest" | "tie" | "behind" | "untestedHighest" | "untestedBelow";

/** What is said of it, in the order of the sentence; nothing that is not tested says more than which mean is higher. */
const standings: Readonly<Record<Standing, string>> = {
  best: "is the best on",
  highest: "has the highest mean, as a tie, on",
  untestedHighest: "has the highest mean on",
  tie: "ties with the highest mean on",
  behind: "is behind the highest mean on",
  untestedBelow: "has a mean below the highest on",
};

/** FedPepTAO beside the other method with the highest mean, task by task, with no choice among its lines: silent where there are several. */
function aboutFedPepTao(grid: Grid, { protocol, rows }: ScoreTable): string[] {
  const own = rows.filter(({ row }) => isOwn(row));
  const others = rows.filter(({ row }) => !isOwn(row) && !row.isControl);
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
    const text = `${column.label} (${differenceText(mine.summary.mean - rival.mean)} against ${rival.row.label})`;
    const standing = standingOf(
      mine,
      rivals.map(({ cell }) => cell),
    );
    return [{ text, standing, label: column.label }];
  });
  if (outcomes.length === 0) return [];
  const parts = (Object.keys(standings) as Standing[]).flatMap((standing) => {
    const texts = outcomes.filter((outcome) => outcome.standing === standing).map(({ text }) => text);
    return texts.length === 0 ? [] : [`${standings[standing]} ${listText(texts)}`];
  });
  const untested = outcomes.filter(({ standing }) => standing.startsWith("untested")).map(({ label }) => label);
  const unknown =
    protocol !== "global"
      ? " Differences are not tested under this protocol."
      : untested.length === 0
        ? ""
        : ` On ${listText(untested)} the difference could not be tested.`;
  return [`Under the ${protocol} protocol, after the last round, FedPepTAO ${parts.join("; it ")}.${unknown}`];
}

function standingOf(mine: ScoreCell, rivals: readonly ScoreCell[]): Standing {
  if (mine.isBest) return "best";
  if (!mine.isTop) return mine.behindTop === null ? "untestedBelow" : mine.behindTop.isTie ? "tie" : "behind";
  // all but the one that the others are tested against
  const isTested = [mine, ...rivals].filter(({ behindTop }) => behindTop === null).length === 1;
  return isTested ? "highest" : "untestedHighest";
}

/** Which mean is the highest of a column; the best only where the test finds it above every other. */
function aboutTop({ columns, rows, protocol, texts }: ScoreTable): string[] {
  return columns.flatMap((column, index) => {
    const here = rows.map(({ row, cells }) => ({ row, cell: cells[index] }));
    const top = here.filter(({ cell }) => cell?.isTop);
    const mean = top[0]?.cell?.summary?.mean;
    if (mean === undefined) return [];
    const who = listText(top.map(({ row }) => row.label));
    const score = withRemarks(scoreText(mean), [texts[index] ?? null]);
    const [has, it] = top.length === 1 ? ["has", "it"] : ["have", "them"];
    if (top.some(({ cell }) => cell?.isBest))
      return [`${column.label}, ${protocol}: best is ${who} with ${score}; the test finds it above every other method.`];
    const others = here.filter(({ row, cell }) => cell !== undefined && cell.summary !== null && !cell.isTop && !row.isControl);
    const ties = others.filter(({ cell }) => cell?.behindTop?.isTie);
    const untested = others.filter(({ cell }) => cell?.behindTop === null);
    const tied =
      ties.length === 0 ? "" : `; ${listText(ties.map(({ row }) => row.label))} ${ties.length === 1 ? "ties" : "tie"} with ${it}`;
    const unknown = untested.length === 0 ? "" : `; the difference to ${formatCount(untested.length, "other method")} could not be tested`;
    return [`${column.label}, ${protocol}: ${who} ${has} the highest mean, ${score}${tied}${unknown}.`];
  });
}

function belowMajority({ columns, rows, controls, texts }: ScoreTable): string[] {
  const majority = controls.find(({ label }) => label === "Majority class");
  return columns.flatMap((column, index) => {
    const bound = majority?.cells[index] ?? null;
    if (bound === null) return [];
    const below = rows.filter(({ row, cells }) => !row.isControl && (cells[index]?.summary?.mean ?? Number.POSITIVE_INFINITY) <= bound);
    if (below.length === 0) return [];
    const who = listText(below.map(({ row }) => row.label));
    const [mean, is] = below.length === 1 ? ["the mean", "is"] : ["the means", "are"];
    const score = [scoreText(bound), texts[index] ?? null].filter((text) => text !== null).join(" ");
    return [`${column.label}: ${mean} of ${who} ${is} not above the score of always answering the commonest class (${score}).`];
  });
}

/** FedPepTAO's traffic beside P-tuning v2's, which sends all layers, and when it has paid for Stages A and B. */
function aboutTraffic(grid: Grid): string[] {
  const own = grid.rows.filter(isOwn);
  const all = grid.rows.filter(({ method }) => findMethod(method)?.isTrafficReference);
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
  return numSeeds >= fewestSeeds
    ? []
    : [
        `With ${formatCount(numSeeds, "seed")} nothing is known of how the numbers vary from seed to seed, so no difference is tested: at least ${fewestSeeds} are needed.`,
      ];
}
