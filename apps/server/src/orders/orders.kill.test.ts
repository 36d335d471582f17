import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { OrderInput, Status } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { newClient } from "../testing/keptClient.ts";
import { freePort, type KillableCoordinator, startKillable } from "../testing/killHarness.ts";
import { joinAsClient, type ProtocolClient } from "../testing/protocolClient.ts";
import { temporaryFolder } from "../testing/startTest.ts";
import { tinyFedAvg } from "../testing/tinyRun.ts";

const run = tinyFedAvg({ numDevices: 6, minDevices: 6, cohortSize: 4, quorum: 0.5, numRounds: 7, evaluateEvery: 7 });
const sizes = { numLayers: 3, hiddenSize: 5, keyValueWidth: 4 };
const closeables: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closeables.splice(0).reverse()) await close();
});

/** Orders by the training round that is open when they are given. */
type Script = Readonly<Record<number, readonly OrderInput[]>>;

const script: Script = {
  1: [
    { kind: "sampleFraction", fraction: 0.84 },
    { kind: "poison", numDevices: 2, factor: 3 },
  ],
  2: [{ kind: "pause" }],
  3: [{ kind: "drop", fraction: 0.4 }],
  4: [{ kind: "nextRound" }],
  5: [
    { kind: "takeBack", what: "poison" },
    { kind: "skew", dirichletAlpha: 0.2 },
  ],
};

/** Runs with orders at given rounds, each given while no training task of the round is in but, before `nextRound`, the first device's. */
async function runWith(orders: Script, isKilled: boolean) {
  const folder = temporaryFolder();
  closeables.push(folder.remove);
  const port = await freePort();
  const places = { host: "127.0.0.1", port, dataDir: folder.path, pagesDir: null, publicDir: folder.path } as const;
  const options = { ...places, runId: "ordered", expectedClients: 6, logLevel: "error", run } as const;
  const coordinator = await startKillable({ options, sizes, numClasses: 3 });
  closeables.push(() => coordinator.stop());
  const clients: ProtocolClient[] = [];
  const place: Place = { coordinator, folder: join(folder.path, "ordered"), isKilled, clients };
  const given = new Map<number, Promise<void>>();
  const asked = new Map<number, number[]>();

  /** Where the next round is ordered, the device with the smallest number of those that were asked works before. */
  async function isAhead(round: number, deviceId: number): Promise<boolean> {
    if (orders[round]?.[0]?.kind !== "nextRound") return false;
    const ids = asked.get(round) ?? [];
    asked.set(round, [...new Set([...ids, deviceId])]);
    let numTasks = 0;
    do {
      const { tasksOut, tasksIn } = await statusOf(place);
      numTasks = tasksOut + tasksIn;
    } while (numTasks === 0 || asked.get(round)?.length !== numTasks);
    return deviceId === Math.min(...(asked.get(round) ?? []));
  }

  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    const client = joinAsClient({
      url: coordinator.url,
      kept: newClient(name),
      async onTask({ spec, round, deviceId }) {
        if (spec.kind !== "train" || orders[round] === undefined) return true;
        if (await isAhead(round, deviceId)) return true;
        const turn = given.get(round) ?? giveAll(place, orders[round]);
        given.set(round, turn);
        await turn;
        return true;
      },
    });
    closeables.push(() => client.close());
    clients.push(client);
  }
  let isResumed = false;
  coordinator.onMessage((message) => {
    if (isResumed || message.kind !== "said" || message.message !== "the operator has paused the run") return;
    isResumed = true;
    void giveAll(place, [{ kind: "resume" }]);
  });
  const done = await coordinator.whenDone();
  const answer = await fetch(`${coordinator.url}/control/orders`, { headers: authorised(place) });
  return { done, orders: (await answer.json()) as { events: { order: { kind: string }; from: unknown }[] } };
}

interface Place {
  readonly coordinator: KillableCoordinator;
  readonly folder: string;
  readonly isKilled: boolean;
  readonly clients: readonly ProtocolClient[];
}

function authorised({ folder }: Place) {
  return { authorization: `Bearer ${readFileSync(join(folder, "operator.token"), "utf8").trim()}` };
}

async function giveAll(place: Place, orders: readonly OrderInput[]): Promise<void> {
  const { coordinator, clients, isKilled } = place;
  for (const order of orders) {
    if (order.kind === "nextRound") while ((await statusOf(place)).tasksIn === 0);
    const body = JSON.stringify(order);
    const headers = { ...authorised(place), "content-type": "application/json" };
    const response = await fetch(`${coordinator.url}/control/orders`, { method: "POST", headers, body });
    if (response.status !== 200) throw new Error(`${body}: ${response.status} ${await response.text()}`);
    if (!isKilled) continue;
    const before = clients.map(({ events }) => events.length);
    await coordinator.killAndRestart();
    await Promise.all(clients.map((client, at) => until(() => client.events.slice(before[at]).some(({ kind }) => kind === "registered"))));
  }
}

async function statusOf(place: Place): Promise<Status> {
  const response = await fetch(`${place.coordinator.url}/control/status`, { headers: authorised(place) });
  return (await response.json()) as Status;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("P-175 orders at given rounds, with a kill behind each of them and a pause between, come to the same bits as without kills and pause", async () => {
  const [calm, killed] = await Promise.all([runWith({ ...script, 2: [] }, false), runWith(script, true)]);
  expect(killed.done.steps).toEqual(calm.done.steps);
  expect(killed.done.parametersSha256).toBe(calm.done.parametersSha256);
  const told = killed.orders.events.map(({ order, from }) => ({ ...order, from }));
  const at = (round: number) => ({ stage: "train", round, step: 1, attempt: 1 });
  expect(told.map(({ kind, from }) => [kind, from])).toEqual([
    ["sampleFraction", at(2)],
    ["poison", at(2)],
    ["pause", at(3)],
    ["resume", at(3)],
    ["drop", at(4)],
    ["nextRound", at(4)],
    ["takeBack", at(6)],
    ["skew", at(6)],
  ]);
  const counted = calm.done.steps.map((step) => step.split(" ").slice(2).join(" ").split(",").length);
  // 4 of 6; 84 % of 6; the same after the pause; 40 % of 5 left, and closed with the first; 3 of 5; the evaluation of all
  expect(counted).toEqual([4, 5, 5, 1, 3, 3, 3, 6]);
}, 60_000);
