import { join } from "node:path";
import type { BenchRow } from "../rows.ts";
import { diskRows } from "./diskFaults.ts";
import { killRows } from "./killFaults.ts";
import type { TorturePlace } from "./part.ts";
import { tabRows } from "./tabFaults.ts";

/** Faults of processes, tabs, connections, disks and clocks, from the seed, on real sockets and files. */
export async function tortureFaults(place: TorturePlace): Promise<readonly BenchRow[]> {
  const within = (name: string): TorturePlace => ({ ...place, folder: join(place.folder, name) });
  return [...(await killRows(within("kills"))), ...(await tabRows(within("tabs"))), ...(await diskRows(within("disks")))];
}
