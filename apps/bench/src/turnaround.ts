import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { presets, type RunSettings } from "@tutti/core";
import { startCoordinator, tunedParameters } from "@tutti/server";
import { type BenchRow, median, row } from "./rows.ts";

const numDevices = 100;

/** All 100 devices train in every round, and all 6 layers travel, in f16, with control variates and a journal on disk. */
const run: RunSettings = {
  ...presets.default,
  numDevices,
  minDevices: numDevices,
  cohortSize: numDevices,
  numRounds: 8,
  evaluateEvery: 8,
  strategy: {
    ...presets.default.strategy,
    selector: "all",
    keepFraction: 1,
    countingRounds: 0,
    initialPrompts: "fresh",
  },
};

/** From the last byte of a step's last contribution to the first task of the next, with the devices in another process. */
export async function benchTurnaround(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-turnaround-"));
  const sizes = { numLayers: 6, hiddenSize: 128, keyValueWidth: 128 };
  const coordinator = await startCoordinator(
    { dataDir: folder, runId: "bench", host: "127.0.0.1", port: 0, pagesDir: null, logLevel: "silent", maxPerClient: 1, run },
    { tuned: tunedParameters(run, sizes, 4) },
  );
  const child = spawn(
    process.execPath,
    ["--import", "tsx", fileURLToPath(new URL("./turnaroundClients.ts", import.meta.url)), coordinator.url, String(numDevices)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString("utf8");
    });
    const failed = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the benchmark's clients ended early with exit code ${code}`)));
    });
    await Promise.race([coordinator.whenDone(), failed]);
    const times = printed.trim().split("\n").map(Number);
    return [row(`turnaround of a round of ${numDevices} devices`, median(times), "ms", { atMost: 100 })];
  } finally {
    await coordinator.close();
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
