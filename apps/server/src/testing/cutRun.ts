import type { RunSettings } from "@tutti/core";
import type { CoordinatorPorts } from "../coordinator.ts";
import { memoryStore } from "../journal/keyValueStore.ts";
import type { KeptClient } from "./keptClient.ts";
import type { Scene, WatchedCoordinator } from "./scene.ts";

/** A run twice over: in peace, and through the end of its coordinator. */
export interface CutRun {
  /** One client works on it to its end. */
  readonly calm: WatchedCoordinator;
  /** It ended after so many contributions. */
  readonly first: WatchedCoordinator;
  /** It goes on from what the first one had stored, and waits for the client. */
  readonly second: WatchedCoordinator;
  /** The first one's client, as it was then. */
  readonly kept: KeptClient;
}

interface Cut {
  readonly numAccepted: number;
  readonly ports?: Partial<CoordinatorPorts>;
}

/** Starts both with one client called "a"; join the second with what it kept. */
export async function cutRun(scene: Scene, run: RunSettings, { numAccepted, ports = {} }: Cut): Promise<CutRun> {
  const calm = await scene.start(run, { expectedClients: 1, runId: "calm" }, ports);
  scene.join(calm, "a");
  const content = new Map<string, Uint8Array>();
  const start = () => scene.start(run, { expectedClients: 1, runId: "cut" }, { ...ports, store: memoryStore(content) });
  const first = await start();
  let numDone = 0;
  const client = scene.join(first, "a", { onTask: () => ++numDone <= numAccepted });
  await first.when("accepted", () => first.events.filter(({ kind }) => kind === "accepted").length === numAccepted);
  client.close();
  await first.close();
  return { calm, first, second: await start(), kept: client.kept };
}
