import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { RunSettings } from "@tutti/core";
import { type Coordinator, startCoordinator, tunedParameters } from "@tutti/server";
import type { LoadOrder } from "./loadClients.ts";

/** A coordinator in this process, and its clients in another. */
export interface Loaded {
  readonly coordinator: Coordinator;
  /** Resolves with the bytes that all clients have received, once that many have joined. */
  joinUpTo(numClients: number): Promise<number>;
}

/** How the clients come. */
export interface LoadOptions {
  readonly isTls?: boolean;
  readonly hosting: "own" | "virtual";
}

/** Runs `measure` with a coordinator and a process of clients, and takes both away. */
export async function withLoad<T>(
  run: RunSettings,
  { isTls = false, hosting }: LoadOptions,
  measure: (loaded: Loaded) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "tutti-load-"));
  const sizes = { numLayers: 6, hiddenSize: 128, keyValueWidth: 128 };
  const coordinator = await startCoordinator(
    {
      dataDir: folder,
      runId: "bench",
      host: "127.0.0.1",
      port: 0,
      pagesDir: null,
      logLevel: "silent",
      https: isTls ? "self" : "none",
      ...(hosting === "virtual" ? { maxPerClient: 1 } : {}),
      run,
    },
    { tuned: tunedParameters(run, sizes, 4) },
  );
  const script = fileURLToPath(new URL("./loadClients.ts", import.meta.url));
  const child = fork(script, [String(coordinator.port), isTls ? "tls" : "plain", hosting], { execArgv: ["--import", "tsx"] });
  try {
    return await measure({ coordinator, joinUpTo: (numClients) => order(child, { numClients }) });
  } finally {
    child.kill();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function order(child: ChildProcess, told: LoadOrder): Promise<number> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the benchmark's clients ended early with exit code ${code}`));
    child.once("exit", onExit);
    child.once("message", (numBytes: number) => {
      child.off("exit", onExit);
      resolve(numBytes);
    });
    child.send(told);
  });
}

/** Milliseconds of CPU that this process has used since `start`, of which the clients in theirs are no part. */
export function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Bytes of memory of this process when what is garbage is gone. */
export async function residentBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return process.memoryUsage.rss();
}
