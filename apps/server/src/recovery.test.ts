import { createRandom } from "@tutti/core";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { copyOf, type KeptClient } from "./testing/keptClient.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const run = tinyRun({ quorum: 1, cohortSize: 3, numRounds: 3 });
const names = ["a", "b"];

/** The journal and the clients' stores at the moment after one write. */
interface Snapshot {
  readonly content: Map<string, Uint8Array>;
  readonly kept: readonly KeptClient[];
}

async function runOnce(
  content: Map<string, Uint8Array>,
  kept: readonly KeptClient[],
  onWrite: (clients: readonly ProtocolClient[]) => void,
) {
  const store = memoryStore(content);
  const clients: ProtocolClient[] = [];
  const watched = {
    ...store,
    write(changes: Parameters<typeof store.write>[0]) {
      store.write(changes);
      onWrite(clients);
    },
  };
  const coordinator = await scene.start(run, { expectedClients: 2, homeless: "leave" }, { store: watched });
  for (const [index, name] of names.entries()) {
    const client = scene.join(coordinator, name, { ...(kept[index] === undefined ? {} : { kept: kept[index] }) });
    clients.push(client);
    await client.when("welcome");
  }
  const outcome = await coordinator.whenDone();
  for (const client of clients) client.close();
  await coordinator.close();
  return outcome;
}

test("whatever write was the last before the power went, the run goes on from there and ends with the same bits", async () => {
  const content = new Map<string, Uint8Array>();
  const snapshots: Snapshot[] = [];
  const expected = await runOnce(content, [], (clients) => {
    snapshots.push({ content: new Map(content), kept: clients.map((client) => copyOf(client.kept)) });
  });
  const random = createRandom(11).stream({ purpose: "power cuts" });
  const withNext = snapshots.filter((snapshot) => snapshot.content.has("next"));
  expect(withNext.length).toBeGreaterThan(3);
  const chosen = [...random.shuffle(snapshots).slice(0, 12), ...random.shuffle(withNext).slice(0, 6)];
  for (const { content: stored, kept } of chosen) {
    const outcome = await runOnce(new Map(stored), kept.map(copyOf), () => undefined);
    expect(outcome.parametersSha256).toBe(expected.parametersSha256);
    expect(outcome.steps.map(({ counted, stage, round, step, attempt }) => ({ counted, stage, round, step, attempt }))).toEqual(
      expected.steps.map(({ counted, stage, round, step, attempt }) => ({ counted, stage, round, step, attempt })),
    );
  }
}, 60_000);
