import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { presets, type RunSettings } from "@tutti/core";
import { startCoordinator } from "../coordinator.ts";
import { tunedParameters } from "../tuned.ts";

/** What the process of the clients is told. */
export interface SwarmConfig {
  readonly url: string;
  readonly numDevices: number;
}

/** What the process of the clients measures, in milliseconds: one number for each step after the first. */
export interface SwarmReport {
  readonly latenciesMs: readonly number[];
}

const childPath = fileURLToPath(new URL("./swarmChild.ts", import.meta.url));

/**
 * From the last byte of the last contribution to the first task of the next step, as clients in another process see it:
 * every device submits 6 layers × 2 × 16 × 128 in f16 at the same moment. The journal is on disk; FedPepTAO with control variates aggregates.
 */
export async function measureStepLatency({ numDevices = 100, numRounds = 10 } = {}): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), "tutti-latency-"));
  const run = latencyRun(numDevices, numRounds);
  const tuned = tunedParameters(run, { numLayers: 6, hiddenSize: 128, keyValueWidth: 128 }, 3);
  const options = {
    host: "127.0.0.1",
    port: 0,
    dataDir: folder,
    pagesDir: null,
    publicDir: folder,
    logLevel: "silent",
    homeless: "leave",
    run,
  } as const;
  const coordinator = await startCoordinator({ ...options, expectedClients: numDevices }, { tuned });
  const config: SwarmConfig = { url: coordinator.url, numDevices };
  const child = fork(childPath, [JSON.stringify(config)], { execArgv: ["--import", "tsx"] });
  try {
    const report = new Promise<SwarmReport>((resolve, reject) => {
      child.once("message", (message: SwarmReport) => resolve(message));
      child.once("exit", (code) => reject(new Error(`the clients' process ended with ${code}`)));
    });
    await coordinator.whenDone();
    await coordinator.close();
    return (await report).latenciesMs;
  } finally {
    child.kill();
    await coordinator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function latencyRun(numDevices: number, numRounds: number): RunSettings {
  const { strategy } = presets.demo;
  if (strategy.name !== "fedPepTao") throw new Error("the demo preset runs FedPepTAO");
  return {
    ...presets.demo,
    numDevices,
    cohortSize: numDevices,
    numRounds,
    evaluateEvery: numRounds + 1,
    quorum: 1,
    deadlineMs: null,
    tuning: { ...presets.demo.tuning, head: "labelWords" },
    strategy: { ...strategy, selector: "all", keepFraction: 1, countingRounds: 0, initialPrompts: "fresh" },
  };
}
