import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { afterEach } from "vitest";
import type { CoordinatorOptions } from "../config.ts";
import type { Coordinator, CoordinatorEvent, CoordinatorPorts } from "../coordinator.ts";
import { createEventLog } from "./eventLog.ts";
import { newClient } from "./keptClient.ts";
import { joinAsClient, type ProtocolClient, type ProtocolClientOptions } from "./protocolClient.ts";
import { startTestCoordinator, temporaryFolder } from "./startTest.ts";

/** A coordinator whose events can be waited for. */
export interface WatchedCoordinator extends Coordinator {
  readonly events: readonly CoordinatorEvent[];
  /** Resolves with the first event, past or future, that fits. */
  when<K extends CoordinatorEvent["kind"]>(
    kind: K,
    fits?: (event: CoordinatorEvent & { kind: K }) => boolean,
  ): Promise<CoordinatorEvent & { kind: K }>;
}

/** Starts coordinators and clients for one test file, and closes them after each test. */
export interface Scene {
  folder(): string;
  start(run: RunSettings, options?: Partial<CoordinatorOptions>, ports?: Partial<CoordinatorPorts>): Promise<WatchedCoordinator>;
  /** A client called `name`; the same name is the same client. */
  join(coordinator: Coordinator, name: string, options?: Partial<ProtocolClientOptions>): ProtocolClient;
}

/** Call it once at the top of a test file. */
export function createScene(): Scene {
  const coordinators: Coordinator[] = [];
  const clients: ProtocolClient[] = [];
  let folder = temporaryFolder();

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const coordinator of coordinators.splice(0)) await coordinator.close();
    folder.remove();
    folder = temporaryFolder();
  });

  return {
    folder: () => folder.path,
    async start(run, options, ports) {
      // Two coordinators of one run at a time, as a test that compares them has, do not share a folder.
      const isTaken = existsSync(join(folder.path, options?.runId ?? "test", "lock"));
      const dataDir = isTaken ? join(folder.path, String(coordinators.length)) : folder.path;
      const coordinator = await startTestCoordinator(run, dataDir, options, ports);
      coordinators.push(coordinator);
      return watch(coordinator);
    },
    join(coordinator, name, options = {}) {
      const client = joinAsClient({ url: coordinator.url, kept: newClient(name), ...options });
      clients.push(client);
      return client;
    },
  };
}

function watch(coordinator: Coordinator): WatchedCoordinator {
  const { events, note, when } = createEventLog<CoordinatorEvent>();
  coordinator.subscribe(note);
  return { ...coordinator, events, when };
}
