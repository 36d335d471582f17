import type { BenchRow } from "../rows.ts";
import { benchFirstContact } from "./firstContact.ts";
import { benchStage } from "./stage.ts";

/** What is measured of the pages, each with a coordinator on this machine, in the order of the rows. */
const parts: readonly (() => Promise<BenchRow[]>)[] = [benchFirstContact, benchStage];

/** How long the pages let people wait, and what they take of a computer. */
export async function benchPages(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const measure of parts) rows.push(...(await measure()));
  return rows;
}
