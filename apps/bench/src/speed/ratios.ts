import { median } from "../rows.ts";

/** The median over the turns of one number divided by the other of the same turn. */
export function ratioInTurns(numerators: readonly number[], denominators: readonly number[]): number {
  if (numerators.length === 0 || numerators.length !== denominators.length)
    throw new Error(`a ratio in turns needs as many numbers on both sides, found ${numerators.length} and ${denominators.length}`);
  return median(numerators.map((value, turn) => value / (denominators[turn] ?? Number.NaN)));
}

/** Every one works once in every turn, one after the other, and what each gave is listed by turn. */
export async function takeTurns<T>(numTurns: number, workers: readonly ((turn: number) => Promise<T>)[]): Promise<T[][]> {
  const results: T[][] = workers.map(() => []);
  for (let turn = 0; turn < numTurns; turn++) {
    // who went first goes last in the next turn, so that a machine that slows down meets all alike
    const order = workers.map((_, i) => (turn % 2 === 0 ? i : workers.length - 1 - i));
    for (const i of order) results[i]?.push(await (workers[i] as (turn: number) => Promise<T>)(turn));
  }
  return results;
}

/** The share of all rows that is padding when each batch is padded to its longest text, rounded up to a multiple. */
export function paddedFraction(batches: readonly (readonly number[])[], multiple: number): number {
  const rowsOf = (lengths: readonly number[]) => lengths.length * Math.ceil(Math.max(...lengths) / multiple) * multiple;
  const rows = batches.reduce((sum, lengths) => sum + rowsOf(lengths), 0);
  const tokens = batches.flat().reduce((sum, length) => sum + length, 0);
  return 1 - tokens / rows;
}
