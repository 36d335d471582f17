import { join } from "node:path";
import { createRandom } from "@tutti/core";
import { afterEach, expect, test } from "vitest";
import { readKeptRound } from "./start/keptRounds.ts";
import { newClient } from "./testing/keptClient.ts";
import { type ChildMessage, freePort, type KillableCoordinator, startKillable } from "./testing/killHarness.ts";
import { joinAsClient, type ProtocolClient } from "./testing/protocolClient.ts";
import { temporaryFolder } from "./testing/startTest.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const run = tinyRun({ numDevices: 6, cohortSize: 4, quorum: 1, numRounds: 5, evaluateEvery: 2 });
const sizes = { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 };
const numKills = 3;
const closeables: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

async function start(
  homeless: "move" | "leave",
): Promise<{ coordinator: KillableCoordinator; clients: ProtocolClient[]; runFolder: string }> {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const port = await freePort();
  const options = {
    host: "127.0.0.1",
    port,
    dataDir: folder.path,
    pagesDir: null,
    publicDir: folder.path,
    runId: "killed",
    expectedClients: 3,
    homeless,
    logLevel: "error",
    run,
  } as const;
  const coordinator = await startKillable({ options, sizes, numClasses: 3 });
  closeables.push(() => coordinator.stop());
  const clients: ProtocolClient[] = [];
  for (const name of ["a", "b", "c"]) {
    const client = joinAsClient({ url: coordinator.url, kept: newClient(name) });
    closeables.push(() => client.close());
    await client.when("welcome");
    clients.push(client);
  }
  return { coordinator, clients, runFolder: join(folder.path, "killed") };
}

/** What the devices were told was accepted, and which tasks reached them afterwards. */
function askedAgain(clients: readonly ProtocolClient[]): string[] {
  return clients.flatMap((client) => {
    const accepted = new Set<string>();
    return client.events.flatMap((event) => {
      if (event.kind === "submitted" && event.outcome.ok && event.outcome.value.outcome !== "late") accepted.add(event.lease.taskId);
      return event.kind === "task" && accepted.has(event.lease.taskId) ? [event.lease.taskId] : [];
    });
  });
}

test.each(["move", "leave"] as const)(
  "a coordinator killed at three seeded instants goes on in the same step, asks for nothing twice, and ends with the same bits (%s)",
  async (homeless) => {
    const calm = await start(homeless);
    const expected = await calm.coordinator.whenDone();
    const numMessages = calm.coordinator.messages.length;

    const random = createRandom(7).stream({ purpose: `kills ${homeless}` });
    const instants = random
      .shuffle(Array.from({ length: numMessages - 14 }, (_, i) => i + 2))
      .slice(0, numKills)
      .sort((a, b) => a - b);
    const { coordinator, clients, runFolder } = await start(homeless);
    let numSeen = coordinator.messages.length;
    let restarting: Promise<void> | null = null;
    let openBefore: string | null = null;
    const wentBack: string[] = [];
    const order = calm.coordinator.messages.flatMap((message) => (message.kind === "planned" ? [message.position] : []));
    let numRestarts = 0;
    coordinator.onMessage((message: ChildMessage) => {
      if (message.kind === "listening") {
        // Between two steps none is open. The process may have planned one more than it could tell before it was killed.
        if (message.position === null) return;
        const ahead = order.indexOf(message.position) - order.indexOf(openBefore ?? "");
        if (ahead < 0 || ahead > 1) wentBack.push(`${openBefore} became ${message.position}`);
        return;
      }
      numSeen += 1;
      if (message.kind === "planned") openBefore = message.position;
      if (restarting !== null || instants[0] === undefined || numSeen < instants[0]) return;
      instants.shift();
      restarting = coordinator.killAndRestart().then(() => {
        numRestarts += 1;
        restarting = null;
      });
    });
    const done = await coordinator.whenDone();
    expect(numRestarts).toBe(numKills);
    expect(done.steps).toEqual(expected.steps);
    expect(done.parametersSha256).toBe(expected.parametersSha256);
    expect(askedAgain(clients)).toEqual([]);
    expect(wentBack).toEqual([]);
    for (const round of [1, 2, 3, 4, 5]) {
      const kept = await readKeptRound(runFolder, round);
      expect(kept.rounds).toEqual([1, 2, 3, 4, 5]);
      expect(kept.state).toEqual((await readKeptRound(calm.runFolder, round)).state);
    }
  },
  120_000,
);
