import type { Grid, GridColumn, GridRow } from "./grid.ts";
import type { RunRecord } from "./runRecord.ts";
import { spearman } from "./statistics/ranks.ts";
import { summarise } from "./statistics/summary.ts";

/** Mean scores of every layer under one heading of the heat map. */
export interface LayerColumn {
  readonly label: string;
  /** After this round of Stage C, 0 for Stage A's own scores; null in a map that has these alone. */
  readonly round: number | null;
  /** Mean over seeds; null where the layer is not scored. */
  readonly scores: readonly (number | null)[];
  /** Share of seeds in which the layer travels. */
  readonly selected: readonly number[];
}

/** Layer scores of one method over conditions and, where they were measured, rounds. */
export interface LayerScores {
  readonly row: GridRow;
  /** The only task of the map; null where it has several, or the experiment no other. */
  readonly task: string | null;
  readonly columns: readonly LayerColumn[];
  /** Whether rounds between the first and the last are left out for want of room. */
  readonly isThinned: boolean;
  /** Where runs from before later rounds were measured stand beside runs that have them. */
  readonly unmeasured: readonly { readonly label: string; readonly numRuns: number; readonly numUnmeasured: number }[];
  /** Round 0 beside the last round, for each set of conditions that has both. */
  readonly drifts: readonly RankCorrelation[];
}

/** More columns than these are no longer read beside each other. */
const maxColumns = 14;

/** Scores of the methods that score layers: one map for each, or where that is too wide one for each of its tasks. */
export function layerScoresOf(grid: Grid): LayerScores[] {
  const numTasks = new Set(grid.columns.map(({ task }) => task)).size;
  return grid.rows.flatMap((row) => {
    const scored = grid.columns
      .map((column): ScoredColumn => ({ column, runs: scoredRuns(grid, row, column) }))
      .filter(({ runs }) => runs.length > 0);
    const isWide = scored.reduce((sum, { runs }) => sum + Math.max(1, roundsOf(runs).length), 0) > maxColumns;
    const tasks = [...new Set(scored.map(({ column }) => column.task))];
    const groups = isWide ? tasks.map((task) => scored.filter(({ column }) => column.task === task)) : [scored];
    return groups.filter((group) => group.length > 0).map((group) => mapOf(row, group, numTasks));
  });
}

interface ScoredColumn {
  readonly column: GridColumn;
  readonly runs: readonly RunRecord[];
}

function mapOf(row: GridRow, scored: readonly ScoredColumn[], numTasks: number): LayerScores {
  const tasks = new Set(scored.map(({ column }) => column.task));
  const [task = null] = tasks.size === 1 && numTasks > 1 ? tasks : [];
  const room = Math.max(2, Math.floor(maxColumns / scored.length));
  const hasRounds = scored.some(({ runs }) => roundsOf(runs).length > 1);
  if (!hasRounds) {
    const columns = scored.map(({ column, runs }) => layerColumn(column.label, null, runs));
    return { row, task, columns, isThinned: false, unmeasured: [], drifts: [] };
  }
  const columns = scored.flatMap(({ column, runs }) =>
    thinned(roundsOf(runs), room).map((round) => layerColumn(shortLabel(column, tasks.size), round, runs)),
  );
  return {
    row,
    task,
    columns,
    isThinned: scored.some(({ runs }) => roundsOf(runs).length > room),
    unmeasured: scored.flatMap(({ column, runs }) => {
      const numUnmeasured = runs.filter(({ layerScoresByRound }) => layerScoresByRound === undefined).length;
      return numUnmeasured === 0 ? [] : [{ label: shortLabel(column, tasks.size), numRuns: runs.length, numUnmeasured }];
    }),
    drifts: scored.flatMap(({ column, runs }) => driftOf(row, shortLabel(column, tasks.size), runs)),
  };
}

/** A column's heading beside others of the same experiment; a map of one task does not repeat it. */
function shortLabel({ conditions, task, label }: GridColumn, numTasks: number): string {
  return (numTasks > 1 ? label : conditions || task).replace(/\balpha /g, "α ");
}

/** What is written for a moment of some conditions, such as `α 0.1 · round 4`. */
export function atRound(label: string, round: number | null): string {
  return round === null ? label : `${label} · round ${round}`;
}

/** As many rounds as there is room for, evenly chosen, the first and the last among them. */
function thinned(rounds: readonly number[], room: number): number[] {
  if (rounds.length <= room) return [...rounds];
  return Array.from({ length: room }, (_, place) => rounds[Math.round((place * (rounds.length - 1)) / (room - 1))] ?? 0);
}

function scoredRuns(grid: Grid, row: GridRow, column: GridColumn): RunRecord[] {
  return grid.runsOf(row, column).filter(({ layerScores }) => layerScores.some((score) => score !== null));
}

/** 0 and every round after which some run's layers were scored again, ascending. */
function roundsOf(runs: readonly RunRecord[]): number[] {
  const later = runs.flatMap(({ layerScoresByRound = [] }) => layerScoresByRound.map(({ round }) => round));
  return [...new Set([0, ...later])].sort((a, b) => a - b);
}

function scoresAt({ layerScores, layerScoresByRound = [] }: RunRecord, round: number | null): readonly (number | null)[] | null {
  return round === null || round === 0 ? layerScores : (layerScoresByRound.find((one) => one.round === round)?.scores ?? null);
}

function layerColumn(label: string, round: number | null, runs: readonly RunRecord[]): LayerColumn {
  const known = runs.flatMap((run) => {
    const scores = scoresAt(run, round);
    return scores === null ? [] : [{ scores, selectedLayers: run.selectedLayers }];
  });
  const numLayers = Math.max(...known.map(({ scores }) => scores.length));
  const layers = Array.from({ length: numLayers }, (_, layer) => layer);
  return {
    label,
    round,
    scores: layers.map((layer) => summarise(known.flatMap(({ scores }) => scores[layer] ?? []))?.mean ?? null),
    selected: layers.map((layer) => known.filter(({ selectedLayers }) => selectedLayers.includes(layer)).length / known.length),
  };
}

/** How alike two headings order the layers. */
export interface RankCorrelation {
  readonly row: GridRow;
  readonly first: string;
  readonly second: string;
  /** Mean over the seeds that both have; null where it is not defined. */
  readonly mean: number | null;
  readonly numSeeds: number;
}

/** Spearman's ρ of layer scores between every two sets of conditions of a task, seed by seed. */
export function rankCorrelations(grid: Grid): RankCorrelation[] {
  return grid.rows.flatMap((row) => {
    const sideOf = (column: GridColumn): Side => ({ label: column.label, runs: scoredRuns(grid, row, column), round: 0 });
    const pairs = grid.columns.flatMap((first, index) => grid.columns.slice(index + 1).map((second) => ({ first, second })));
    return pairs
      .filter(({ first, second }) => second.task === first.task)
      .map(({ first, second }) => correlationOf(row, sideOf(first), sideOf(second)))
      .filter(({ numSeeds }) => numSeeds > 0);
  });
}

/** The same between round 0 and the last round at which layers were scored, for every set of conditions by itself. */
export function roundCorrelations(grid: Grid): RankCorrelation[] {
  return grid.rows.flatMap((row) => grid.columns.flatMap((column) => driftOf(row, column.label, scoredRuns(grid, row, column))));
}

function driftOf(row: GridRow, label: string, runs: readonly RunRecord[]): RankCorrelation[] {
  const last = roundsOf(runs).at(-1) ?? 0;
  if (last === 0) return [];
  const side = (round: number): Side => ({ label: atRound(label, round), runs, round });
  return [correlationOf(row, side(0), side(last))].filter(({ numSeeds }) => numSeeds > 0);
}

/** One of the two things compared. */
interface Side {
  readonly label: string;
  readonly runs: readonly RunRecord[];
  readonly round: number;
}

function correlationOf(row: GridRow, first: Side, second: Side): RankCorrelation {
  const values = first.runs.flatMap((run) => {
    const twin = second.runs.find(({ seed }) => seed === run.seed);
    const scores = scoresAt(run, first.round);
    const others = twin === undefined ? null : scoresAt(twin, second.round);
    const rho = scores === null || others === null ? null : scoreCorrelation(scores, others);
    return rho === null ? [] : [rho];
  });
  return { row, first: first.label, second: second.label, mean: summarise(values)?.mean ?? null, numSeeds: values.length };
}

/** Spearman's ρ over the layers that both score. */
function scoreCorrelation(a: readonly (number | null)[], b: readonly (number | null)[]): number | null {
  const both = a.flatMap((score, layer) => {
    const other = b[layer] ?? null;
    return score === null || other === null ? [] : [{ score, other }];
  });
  return spearman(
    both.map(({ score }) => score),
    both.map(({ other }) => other),
  );
}
