import { type BenchRow, type Goal, missingRow } from "./rows.ts";

/** What a row is called when there is nothing to put into it. */
export interface Wanted {
  readonly name: string;
  readonly unit: string;
  readonly goal?: Goal;
}

/** What the work finds, or a row that says why it failed. */
export async function attempt({ name, unit, goal = null }: Wanted, work: () => Promise<readonly BenchRow[]>): Promise<readonly BenchRow[]> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return [missingRow(name, unit, reason.slice(0, 200), goal)];
  }
}
