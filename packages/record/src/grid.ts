import { findMethod, type MainMetric, type RunSettings } from "@tutti/core";
import { attackAxis, attackersAxis } from "./attack.ts";
import type { RunRecord } from "./runRecord.ts";

/** One line of the tables: a method as the experiment set it up. */
export interface GridRow {
  readonly key: string;
  readonly method: string;
  readonly label: string;
  /** A bound to compare with and no competitor: it is never the best. */
  readonly isControl: boolean;
}

/** One column of the tables: a task under one set of conditions, in which scores may be compared. */
export interface GridColumn {
  readonly key: string;
  readonly task: string;
  readonly metric: MainMetric;
  /** What the experiment varies of the conditions, such as `alpha 0.1`; empty where they are the same everywhere. */
  readonly conditions: string;
  readonly label: string;
}

/** An experiment's runs by line and column. */
export interface Grid {
  readonly rows: readonly GridRow[];
  readonly columns: readonly GridColumn[];
  /** Seeds that a cell has when all of its runs finished. */
  readonly numSeeds: number;
  /** Runs that finished, one per seed. */
  runsOf(row: GridRow, column: GridColumn): readonly RunRecord[];
  readonly failed: readonly RunRecord[];
}

/** What an experiment varies: axes that make columns, and axes that make lines. */
export interface Axes {
  readonly conditions: readonly string[];
  readonly methods: readonly string[];
}

/** The axis of an experiment's fleets: other machines are other conditions, though no setting differs. */
export const fleetAxis = "fleet";

/** Axes that are conditions though no setting differs. */
const conditionAxes: readonly string[] = [fleetAxis, attackAxis, attackersAxis];

/** The axes that do not have one and the same value in all runs. */
export function axesOf(runs: readonly RunRecord[]): Axes {
  const reported = reportedOf(runs);
  const varied = variedAxes(reported);
  const conditions = varied.filter((axis) => conditionAxes.includes(axis) || changesConditions(reported, axis));
  return { conditions, methods: varied.filter((axis) => !conditions.includes(axis)) };
}

/** The axes of either of two experiments; what changes the conditions in one makes columns in both. */
export function eitherAxes(a: Axes, b: Axes): Axes {
  const conditions = new Set([...a.conditions, ...b.conditions]);
  const methods = new Set([...a.methods, ...b.methods].filter((axis) => !conditions.has(axis)));
  return { conditions: [...conditions], methods: [...methods] };
}

const reportedOf = (runs: readonly RunRecord[]) => runs.filter(({ isRateTrial }) => !isRateTrial);

/** Puts runs in lines and columns; trials of rates are left out, and failed runs are kept apart. */
export function gridOf(runs: readonly RunRecord[], axes = axesOf(runs)): Grid {
  const reported = reportedOf(runs);
  const rows = new Map<string, GridRow>();
  const columns = new Map<string, GridColumn>();
  const cells = new Map<string, RunRecord[]>();
  const failed: RunRecord[] = [];
  for (const run of reported) {
    const row = rowOf(run, axes.methods);
    const column = columnOf(run, axes.conditions);
    rows.set(row.key, rows.get(row.key) ?? row);
    columns.set(column.key, columns.get(column.key) ?? column);
    if (run.error !== null) {
      failed.push(run);
      continue;
    }
    const key = `${row.key}\n${column.key}`;
    cells.set(key, [...(cells.get(key) ?? []), run]);
  }
  return {
    rows: [...rows.values()].sort((a, b) => Number(a.isControl) - Number(b.isControl)),
    columns: [...columns.values()],
    numSeeds: new Set(reported.map(({ seed }) => seed)).size,
    runsOf: (row, column) => cells.get(`${row.key}\n${column.key}`) ?? [],
    failed,
  };
}

function rowOf(run: RunRecord, axes: readonly string[]): GridRow {
  const variant = variantText(run, axes);
  const label = variant === "" ? run.methodTitle : `${run.methodTitle}, ${variant}`;
  return {
    key: `${run.method}|${run.methodTitle}|${variant}`,
    method: run.method,
    label,
    isControl: findMethod(run.method)?.role === "control",
  };
}

function columnOf(run: RunRecord, axes: readonly string[]): GridColumn {
  const conditions = variantText(run, axes);
  const label = conditions === "" ? run.task : `${run.task}, ${conditions}`;
  return { key: `${run.task}|${conditions}`, task: run.task, metric: run.metric, conditions, label };
}

/** Each run once: two lines of a table may share one. */
export function distinctById(runs: readonly RunRecord[]): RunRecord[] {
  return [...new Map(runs.map((run) => [run.id, run] as const)).values()];
}

/** A run's own values of some axes, such as `keepFraction 0.5, selector score`. */
export function variantText({ variant }: RunRecord, axes: readonly string[] = Object.keys(variant)): string {
  return axes
    .filter((axis) => variant[axis] !== undefined)
    .map((axis) => `${axis} ${variant[axis]}`)
    .join(", ");
}

/** Axes that do not have one and the same value in all runs. */
function variedAxes(runs: readonly RunRecord[]): string[] {
  const names = [...new Set(runs.flatMap(({ variant }) => Object.keys(variant)))];
  return names.filter((name) => new Set(runs.map(({ variant }) => variant[name])).size > 1);
}

/** Whether two runs that differ only in this axis are of different conditions: another partition, roster, budget or backbone. */
function changesConditions(runs: readonly RunRecord[], axis: string): boolean {
  const seen = new Map<string, string>();
  for (const run of runs) {
    if (run.variant[axis] === undefined) continue;
    const others = JSON.stringify([
      run.method,
      run.methodTitle,
      run.task,
      run.seed,
      Object.entries({ ...run.variant, [axis]: null }).sort(),
    ]);
    const conditions = JSON.stringify(conditionsOf(run.settings));
    const known = seen.get(others);
    if (known !== undefined && known !== conditions) return true;
    seen.set(others, conditions);
  }
  return false;
}

/** What is given to a method, where tuning, training and strategy are the method; the bound of an open roster, which older results do not say, decides nothing. */
function conditionsOf({ tuning, training, strategy, contributionEncoding, paramsEncoding, maxDevices, ...conditions }: RunSettings) {
  return Object.entries(conditions).sort();
}
