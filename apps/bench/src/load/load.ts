import type { BenchRow } from "../rows.ts";
import { benchJoins } from "./joins.ts";
import { benchRounds } from "./rounds.ts";

/** Many clients at once: joins, idle clients, rounds. CPU is the coordinator's own, whatever else the machine does. */
export async function benchLoad(): Promise<BenchRow[]> {
  return [...(await benchJoins()), ...(await benchRounds())];
}
