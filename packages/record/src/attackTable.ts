import { createRandom } from "@tutti/core";
import { attackAxis, attackersAxis, type BackdoorRecord, noAttack } from "./attack.ts";
import type { ExperimentResult } from "./experimentResult.ts";
import { distinctById, type Grid, type GridRow } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { type PairedDifference, pairedBootstrap } from "./statistics/bootstrap.ts";
import { type Summary, summarise } from "./statistics/summary.ts";

/** A method under one attack. */
export interface AttackCell {
  readonly row: GridRow;
  /** Under the global protocol after the last round, over seeds. */
  readonly score: Summary;
  /**
   * Score less that of the same method and seeds without attack; null without attack, and where answers to the test split are not known row by row.
   * The interval speaks of other test rows and not of other seeds.
   */
  readonly difference: PairedDifference | null;
  /** Share of the texts of other classes that the trigger makes the target, over seeds; null where none was tried. */
  readonly triggered: number | null;
}

/** One attack with one share of attackers, or none. */
export interface AttackLine {
  readonly attack: string;
  readonly attackers: string;
  /** Of all devices; 0 without attack. */
  readonly fraction: number;
  /** By the table's rows; null where the experiment has no run that finished. */
  readonly cells: readonly (AttackCell | null)[];
  /** Of the cells with a tested difference, the one with the highest mean; null without one. */
  readonly best: AttackCell | null;
}

/** Runs of methods that differ in how they aggregate, on one task: attacks × methods. */
export interface AttackTable {
  readonly task: string;
  readonly rows: readonly GridRow[];
  /** Without attack first. */
  readonly lines: readonly AttackLine[];
}

/** By how much an attack may lower accuracy. */
export const attackTolerance = 0.02;

/** Whether a difference is not significantly below what is tolerated: its 95 % interval does not lie below that as a whole. */
export function isTolerated({ high }: PairedDifference): boolean {
  return high >= -attackTolerance;
}

/** Whether devices of some run attacked it. */
export function isAttacked({ runs }: Pick<ExperimentResult, "runs">): boolean {
  return runs.some(({ attack }) => attack !== undefined);
}

/** The experiment's attacks, a table for each task and way of training; `name` seeds the bootstrap. None where nobody attacked. */
export function attackTables({ runs, name }: Pick<ExperimentResult, "runs" | "name">, grid: Grid): AttackTable[] {
  if (!isAttacked({ runs })) return [];
  const finished = distinctById(runs.filter(({ isRateTrial, error }) => !isRateTrial && error === null));
  const tasks = [...new Set(grid.columns.map(({ task }) => task))];
  return tasks.flatMap((task) => {
    const methods = [...new Set(grid.rows.map(({ method }) => method))];
    return methods.flatMap((method) => {
      const rows = grid.rows.filter((row) => row.method === method);
      const of = (row: GridRow) => finished.filter((run) => run.task === task && run.method === method && isOfRow(run, row, grid));
      const lines = linesOf(rows, new Map(rows.map((row) => [row.key, of(row)])), name);
      return lines.length === 0 ? [] : [{ task, rows, lines }];
    });
  });
}

function isOfRow(run: RunRecord, row: GridRow, grid: Grid): boolean {
  return grid.columns.some((column) =>
    grid.runsOf(row, column).some(({ id, methodTitle }) => id === run.id && methodTitle === run.methodTitle),
  );
}

type RunsByRow = ReadonlyMap<string, readonly RunRecord[]>;

function linesOf(rows: readonly GridRow[], byRow: RunsByRow, name: string): AttackLine[] {
  const kinds = new Map<string, Pick<AttackLine, "attack" | "attackers" | "fraction">>();
  for (const run of [...byRow.values()].flat()) {
    const [attack, attackers] = conditionsOf(run);
    kinds.set(`${attack}|${attackers}`, { attack, attackers, fraction: run.attack?.plan.fraction ?? 0 });
  }
  const attacks = [...new Set([...kinds.values()].map(({ attack }) => attack))];
  const places = (attack: string) => (attack === noAttack ? -1 : attacks.indexOf(attack));
  return [...kinds.values()]
    .sort((a, b) => places(a.attack) - places(b.attack) || a.fraction - b.fraction)
    .map((kind) => {
      const cells = rows.map((row) => cellOf(row, kind, { runs: byRow.get(row.key) ?? [], name }));
      const tested = cells.flatMap((cell) => (cell?.difference ? [cell] : []));
      const best = tested.reduce<AttackCell | null>((a, b) => (a !== null && a.score.mean >= b.score.mean ? a : b), null);
      return { ...kind, cells, best };
    });
}

function conditionsOf({ variant }: RunRecord): [string, string] {
  return [String(variant[attackAxis] ?? noAttack), String(variant[attackersAxis] ?? "")];
}

interface RunsOfRow {
  readonly runs: readonly RunRecord[];
  readonly name: string;
}

function cellOf(
  row: GridRow,
  { attack, attackers }: Pick<AttackLine, "attack" | "attackers">,
  { runs, name }: RunsOfRow,
): AttackCell | null {
  const here = runs.filter((run) => conditionsOf(run).join("|") === `${attack}|${attackers}`);
  const score = summarise(here.flatMap(({ final }) => final.global?.score ?? []));
  if (score === null) return null;
  const honest = runs.filter((run) => conditionsOf(run)[0] === noAttack);
  const difference = attack === noAttack ? null : differenceOf(here, honest, `${name} ${row.key} ${attack} ${attackers}`);
  return { row, score, difference, triggered: summarise(here.flatMap(({ backdoor }) => shareOf(backdoor)))?.mean ?? null };
}

function shareOf(backdoor: BackdoorRecord | undefined): number[] {
  return backdoor === undefined || backdoor.numTexts === 0 ? [] : [backdoor.numHits / backdoor.numTexts];
}

/** Seed by seed beside the run that differs in nothing but its attackers. */
function differenceOf(attacked: readonly RunRecord[], honest: readonly RunRecord[], purpose: string): PairedDifference | null {
  const pairs = attacked.map((run) => ({ run, twin: honest.find(({ seed }) => seed === run.seed) }));
  const first = pairs.flatMap(({ run, twin }) =>
    run.correct !== null && twin !== undefined && twin.correct !== null ? [run.correct] : [],
  );
  const second = pairs.flatMap(({ run, twin }) =>
    run.correct !== null && twin !== undefined && twin.correct !== null ? [twin.correct] : [],
  );
  if (first.length < attacked.length || first.length === 0) return null;
  return pairedBootstrap(first, second, createRandom(0).stream({ purpose }));
}
