import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import type { CoordinatorOptions } from "../config.ts";
import { type Coordinator, type CoordinatorPorts, startCoordinator } from "../coordinator.ts";
import { memoryStore } from "../journal/keyValueStore.ts";
import { tinyTuned } from "./tinyRun.ts";

/** A folder that a test may fill; `remove` takes it away. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "tutti-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A coordinator on any free port of this machine, with its journal in memory unless ports say otherwise. */
export function startTestCoordinator(
  run: RunSettings,
  dataDir: string,
  options: Partial<CoordinatorOptions> = {},
  ports: Partial<CoordinatorPorts> = {},
): Promise<Coordinator> {
  return startCoordinator(
    {
      host: "127.0.0.1",
      port: 0,
      dataDir,
      pagesDir: null,
      publicDir: dataDir,
      logLevel: "silent",
      runId: "test",
      writesRunFiles: false,
      run,
      ...options,
    },
    { store: memoryStore(), ...ports, tuned: ports.tuned ?? tinyTuned(run) },
  );
}
