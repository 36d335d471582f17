import type { LabRun } from "../experiments/labResult.ts";
import { spearman } from "../statistics/ranks.ts";
import { summarise } from "../statistics/summary.ts";
import type { Grid, GridColumn, GridRow } from "./grid.ts";

/** Mean scores of every layer under one heading of the heat map. */
export interface LayerColumn {
  readonly label: string;
  /** Mean over seeds; null where the layer is not scored. */
  readonly scores: readonly (number | null)[];
  /** Share of seeds in which the layer travels. */
  readonly selected: readonly number[];
}

/** Layer scores of one method over tasks and conditions. */
export interface LayerScores {
  readonly row: GridRow;
  readonly columns: readonly LayerColumn[];
}

/** Scores of the methods that score layers. */
export function layerScoresOf(grid: Grid): LayerScores[] {
  return grid.rows
    .map((row) => ({
      row,
      columns: grid.columns
        .map((column) => ({ column, runs: scoredRuns(grid, row, column) }))
        .filter(({ runs }) => runs.length > 0)
        .map(({ column, runs }) => layerColumn(column.label, runs)),
    }))
    .filter(({ columns }) => columns.length > 0);
}

function scoredRuns(grid: Grid, row: GridRow, column: GridColumn): LabRun[] {
  return grid.runsOf(row, column).filter(({ layerScores }) => layerScores.some((score) => score !== null));
}

function layerColumn(label: string, runs: readonly LabRun[]): LayerColumn {
  const numLayers = Math.max(...runs.map(({ layerScores }) => layerScores.length));
  const layers = Array.from({ length: numLayers }, (_, layer) => layer);
  return {
    label,
    scores: layers.map((layer) => summarise(runs.flatMap(({ layerScores }) => layerScores[layer] ?? []))?.mean ?? null),
    selected: layers.map((layer) => runs.filter(({ selectedLayers }) => selectedLayers.includes(layer)).length / runs.length),
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
    const pairs = grid.columns.flatMap((first, index) =>
      grid.columns.slice(index + 1).map((second) => ({ first, second, task: first.task })),
    );
    return pairs
      .filter(({ second, task }) => second.task === task)
      .map(({ first, second }) => correlationOf(row, [first, scoredRuns(grid, row, first)], [second, scoredRuns(grid, row, second)]))
      .filter(({ numSeeds }) => numSeeds > 0);
  });
}

type Side = readonly [GridColumn, readonly LabRun[]];

function correlationOf(row: GridRow, [first, a]: Side, [second, b]: Side): RankCorrelation {
  const values = a.flatMap((run) => {
    const twin = b.find(({ seed }) => seed === run.seed);
    const rho = twin === undefined ? null : scoreCorrelation(run.layerScores, twin.layerScores);
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
