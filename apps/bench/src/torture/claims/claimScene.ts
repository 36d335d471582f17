import type { DeviceId, RunSettings } from "@tutti/core";
import { type Coordinator, type CoordinatorOptions, startCoordinator } from "@tutti/server";
import { joinAsClient, memoryStore, newClient, type ProtocolClient, type ProtocolClientOptions, tinyTuned } from "@tutti/server/testing";

/** A journal that can be looked at, and copied as a kill would leave it. */
export type Journal = Map<string, Uint8Array>;

/** Coordinators and raw clients of one part, which end with it. */
export interface ClaimScene {
  start(run: RunSettings, options?: ClaimOptions): Promise<Coordinator>;
  /** The same name is the same client. */
  join(coordinator: Coordinator, name: string, options?: Partial<ProtocolClientOptions>): ProtocolClient;
  close(): Promise<void>;
}

/** What a coordinator is told beside the run. */
export interface ClaimOptions extends Partial<Omit<CoordinatorOptions, "run">> {
  readonly shareSizes?: readonly number[];
  readonly journal?: Journal;
}

/** Coordinators, each in its own folder. */
export function createClaimScene(folder: string): ClaimScene {
  const coordinators: Coordinator[] = [];
  const clients: ProtocolClient[] = [];
  return {
    async start(run, { shareSizes, journal = new Map(), ...options } = {}) {
      const place = { dataDir: folder, publicDir: folder, pagesDir: null, host: "127.0.0.1", port: 0, logLevel: "silent" } as const;
      const config = { ...place, runId: `run-${coordinators.length}`, writesRunFiles: false, run, ...options };
      const coordinator = await startCoordinator(config, { tuned: tinyTuned(run), shareSizes, store: memoryStore(journal) });
      coordinators.push(coordinator);
      return coordinator;
    },
    join({ url }, name, options = {}) {
      const client = joinAsClient({ url, kept: newClient(name), ...options });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients.splice(0)) client.close();
      for (const coordinator of coordinators.splice(0)) await coordinator.close();
    },
  };
}

/** Keys of a journal that begin so. */
export function keysIn(journal: Journal, prefix: string): string[] {
  return [...journal.keys()].filter((key) => key.startsWith(prefix));
}

/** Resolves when `holds` does; looks every few milliseconds. */
export async function until(holds: () => boolean, signal: AbortSignal): Promise<void> {
  while (!holds()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a device of a raw client says that it holds. */
export function examplesOf(deviceId: DeviceId): number {
  return 5 + ((deviceId * 7) % 11);
}
