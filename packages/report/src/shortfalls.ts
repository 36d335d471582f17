import {
  type Analysis,
  attackTables,
  type ExperimentResult,
  type Grid,
  type GridColumn,
  isAttacked,
  type ScoreTable,
  type TradeoffPoint,
  tradeoffPoints,
} from "@tutti/record";
import { attackShortfalls, backdoorsIn } from "./attackLines.ts";
import { fallenText, outdoneText, untunedText } from "./sentences/findings.ts";
import { textsText } from "./text.ts";

/** A mean that falls by less counts as kept: it is less than what seeds differ by. */
const leastFall = 0.01;

/**
 * What did not work, as far as the numbers under the global protocol say it: methods that end not above the backbone without tuning, that were
 * higher in an earlier round, or that sent as many bytes as another one for no higher score. Controls are left out. Of an experiment with attacks it
 * is the attacks that no rule withstood.
 */
export function shortfalls({ grid, tables }: Analysis, result: Pick<ExperimentResult, "runs" | "name">): string[] {
  if (isAttacked(result)) return attackShortfalls(attackTables(result, grid), backdoorsIn(result.runs));
  const tableOf = (wanted: ScoreTable["moment"]) => tables.find(({ protocol, moment }) => protocol === "global" && moment === wanted);
  const [final, best] = [tableOf("final"), tableOf("best")];
  if (final === undefined) return [];
  return grid.columns.flatMap((column, index) => [
    ...notAboveUntuned(final, column, index),
    ...(best === undefined ? [] : fallen([final, best], column, index)),
    ...outdone(grid, column),
  ]);
}

/** Means of a column's methods by label. */
function meansOf({ rows }: ScoreTable, index: number): ReadonlyMap<string, number> {
  return new Map(
    rows.flatMap(({ row, cells }) => {
      const mean = cells[index]?.summary?.mean;
      return row.isControl || mean === undefined ? [] : [[row.label, mean] as const];
    }),
  );
}

function notAboveUntuned(table: ScoreTable, { label }: GridColumn, index: number): string[] {
  const bound = table.controls.find(({ control }) => control === "zeroShot")?.cells[index] ?? null;
  if (bound === null) return [];
  const names = [...meansOf(table, index)].flatMap(([name, mean]) => (mean <= bound ? [name] : []));
  return names.length === 0 ? [] : [untunedText(label, names, bound, textsText(table.texts[index] ?? null))];
}

function fallen([final, best]: readonly [ScoreTable, ScoreTable], { label }: GridColumn, index: number): string[] {
  const after = meansOf(final, index);
  const falls = [...meansOf(best, index)].flatMap(([name, before]) => {
    const mean = after.get(name) ?? before;
    return before - mean < leastFall ? [] : [{ name, before, after: mean }];
  });
  return falls.length === 0 ? [] : [fallenText(label, falls)];
}

/** Methods beside the one with the highest score among those that sent no more. */
function outdone(grid: Grid, column: GridColumn): string[] {
  const points = tradeoffPoints(grid, column, "global").filter(({ row }) => !row.isControl);
  const front = points.filter(({ isOnFront }) => isOnFront);
  const behind = new Map<TradeoffPoint, TradeoffPoint[]>();
  for (const point of points.filter(({ isOnFront }) => !isOnFront)) {
    const above = front.filter(({ cost, score }) => cost <= point.cost && score >= point.score);
    const [winner] = above.sort((a, b) => b.score - a.score);
    if (winner !== undefined) behind.set(winner, [...(behind.get(winner) ?? []), point]);
  }
  return [...behind].map(([winner, points]) => outdoneText(column.label, partOf(winner), points.map(partOf)));
}

const partOf = ({ row, score, cost }: TradeoffPoint) => ({ name: row.label, score, bytes: cost });
