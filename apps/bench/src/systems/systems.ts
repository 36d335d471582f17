import type { BenchRow } from "../rows.ts";
import { mergeRows } from "./merging.ts";
import { planningRows } from "./planning.ts";

/** What the systems beside FedPepTAO cost. */
export async function benchSystems(): Promise<BenchRow[]> {
  return [...planningRows(), ...(await mergeRows())];
}
