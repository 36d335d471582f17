import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { presets, type RunSettings } from "@tutti/core";
import { startCoordinator, tunedParameters } from "@tutti/server";
import { type BenchRow, row } from "./rows.ts";

/** Everybody waits: the run begins with one more than come. */
const numClients = 2000;
const run: RunSettings = { ...presets.default, roster: "open", minDevices: numClients + 1, maxDevices: numClients + 1 };

/** Joins that are measured together; the last of them is the one that the row names. */
const numMeasured = 40;

/** What one join costs with a given number of clients: CPU time of the coordinator, and bytes that reach all clients together. */
interface JoinCost {
  readonly cpuMs: number;
  readonly numBytes: number;
}

/** Clients join one after another from another process, with bare sockets. */
export async function benchJoins(): Promise<BenchRow[]> {
  await measure([200]); // the first joins are slower: nothing is compiled yet
  const places = [50, 300, 1200, numClients];
  const costs = await measure(places);
  const rows = places.flatMap((place, i) => {
    const { cpuMs = Number.NaN, numBytes = Number.NaN } = costs[i] ?? {};
    return [row(`CPU of a join, client ${place}`, cpuMs, "ms"), row(`bytes of a join, client ${place}`, numBytes / 1000, "kB")];
  });
  const [first, last] = [costs[0], costs.at(-1)];
  if (first === undefined || last === undefined) return rows;
  return [
    ...rows,
    row(`CPU of a join, client ${numClients} over client ${places[0]}`, last.cpuMs / first.cpuMs, "×", { atMost: 1.5 }),
    row(`bytes of a join, client ${numClients} over client ${places[0]}`, last.numBytes / first.numBytes, "×", { atMost: 1.5 }),
  ];
}

async function measure(places: readonly number[]): Promise<JoinCost[]> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-joins-"));
  const coordinator = await startCoordinator(
    { dataDir: folder, runId: "bench", host: "127.0.0.1", port: 0, pagesDir: null, logLevel: "silent", run },
    { tuned: tunedParameters(run, { numLayers: 6, hiddenSize: 128, keyValueWidth: 128 }, 4) },
  );
  const child = fork(fileURLToPath(new URL("./joinsClients.ts", import.meta.url)), [String(coordinator.port)], {
    execArgv: ["--import", "tsx"],
  });
  try {
    const costs: JoinCost[] = [];
    for (const place of places) {
      const bytesBefore = await joinUpTo(child, place - numMeasured);
      const cpuBefore = process.cpuUsage();
      const numBytes = ((await joinUpTo(child, place)) - bytesBefore) / numMeasured;
      const { user, system } = process.cpuUsage(cpuBefore);
      costs.push({ cpuMs: (user + system) / 1000 / numMeasured, numBytes });
    }
    return costs;
  } finally {
    child.kill();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves with the bytes that all clients have received, once that many have joined. */
function joinUpTo(child: ChildProcess, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("message", (numBytes: number) => resolve(numBytes));
    child.once("exit", (code) => reject(new Error(`the benchmark's clients ended early with exit code ${code}`)));
    child.send(count);
  });
}
