import { presets, type RunSettings } from "@tutti/core";
import { type BenchRow, row } from "../rows.ts";
import { cpuMsSince, type Loaded, residentBytes, withLoad } from "./loadChild.ts";

/** Joins that are measured together, once this number of clients is there. */
const hundred = 100;
const places = [100, 1000, 5000] as const;
/** Idle clients are weighed between these, when whatever is there once is there. */
const weighed = { from: 1000, to: 5000, tlsTo: 2000 };

/** Everybody waits: the run begins with one more than come. */
function waitingRun(numClients: number): RunSettings {
  return { ...presets.default, roster: "open", minDevices: numClients + 1, maxDevices: numClients + 1 };
}

/** What joins and idle clients cost a coordinator on plain http, and memory on https. */
export async function benchJoins(): Promise<BenchRow[]> {
  await withLoad(waitingRun(2500), { hosting: "own" }, ({ joinUpTo }) => joinUpTo(2000)); // the first joins are slower: nothing is compiled yet
  const plain = await withLoad(waitingRun(weighed.to), { hosting: "own" }, measurePlain);
  const tlsBytes = await withLoad(waitingRun(weighed.tlsTo), { hosting: "own", isTls: true }, async (loaded) => {
    await loaded.joinUpTo(hundred);
    return weigh(loaded, weighed.tlsTo);
  });
  return [...plain, row("memory of an idle client on https", tlsBytes / 1000, "kB")];
}

async function measurePlain(loaded: Loaded): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const costs: { cpuMs: number; numBytes: number }[] = [];
  let perClient = Number.NaN;
  for (const place of places) {
    const before = await loaded.joinUpTo(place - hundred);
    await settled(); // what the start, or clients before, left to do is not these joins'
    const start = process.cpuUsage();
    const after = await loaded.joinUpTo(place);
    const cost = { cpuMs: cpuMsSince(start) / hundred, numBytes: (after - before) / hundred };
    costs.push(cost);
    rows.push(row(`CPU of a join, clients ${place - hundred + 1} to ${place}`, cost.cpuMs, "ms", { atMost: 2 }));
    rows.push(row(`bytes of a join, clients ${place - hundred + 1} to ${place}`, cost.numBytes / 1000, "kB"));
    if (place === weighed.from) perClient = await weigh(loaded, weighed.to - hundred);
  }
  const ratio = (of: "cpuMs" | "numBytes") => (costs.at(-1)?.[of] ?? Number.NaN) / (costs[0]?.[of] ?? Number.NaN);
  return [
    ...rows,
    row("CPU of a join, the last hundred over the first", ratio("cpuMs"), "×", { atMost: 1.5 }),
    row("bytes of a join, the last hundred over the first", ratio("numBytes"), "×", { atMost: 1.5 }),
    row("memory of an idle client on http", perClient / 1000, "kB", { atMost: 40 }),
  ];
}

/** Until a process that has nothing else to do has caught up. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 500));

/** Bytes of memory for each client that joins, up to this number. */
async function weigh({ coordinator, joinUpTo }: Loaded, to: number): Promise<number> {
  const from = coordinator.status().numConnected;
  const before = await residentBytes();
  await joinUpTo(to);
  return ((await residentBytes()) - before) / (to - from);
}
