import { io } from "socket.io-client";
import { expect, test, vi } from "vitest";
import { manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const many = { numDevices: 400, maxDevices: 400, minDevices: 400, cohortSize: 2 };
const rosters = [
  ["open", tinyFedAvg({ ...many, roster: "open" }), {}],
  ["fixed", tinyFedAvg(many), { expectedClients: 400 }],
  ["fixed, dealt evenly", tinyFedAvg(many), { maxPerClient: 1 }],
] as const;

const total = (coordinator: WatchedCoordinator) =>
  Object.values(coordinator.traffic()).reduce((sum, { up, down }) => ({ up: sum.up + up, down: sum.down + down }));
const numMessages = (clients: readonly ProtocolClient[]) => clients.reduce((sum, { events }) => sum + events.length, 0);

async function joinUpTo(coordinator: WatchedCoordinator, clients: ProtocolClient[], count: number): Promise<void> {
  while (clients.length < count) {
    const client = scene.join(coordinator, String(clients.length).padStart(4, "0"));
    await client.when("registered");
    clients.push(client);
  }
}

test.each(rosters)("a join costs the same for the 200th client as for the 20th while the run waits (%s)", async (_, run, options) => {
  const coordinator = await scene.start(run, options, { clock: manualClock() });
  const clients: ProtocolClient[] = [];
  const costOf = async (place: number) => {
    await joinUpTo(coordinator, clients, place - 10);
    const before = { ...total(coordinator), messages: numMessages(clients) };
    await joinUpTo(coordinator, clients, place);
    const after = { ...total(coordinator), messages: numMessages(clients) };
    return { up: after.up - before.up, down: after.down - before.down, messages: after.messages - before.messages };
  };
  const [first, last] = [await costOf(20), await costOf(200)];
  expect(last.messages).toBe(first.messages);
  // Counts and ids have a digit more.
  expect(last.down).toBeLessThan(1.02 * first.down);
  expect(last.up).toBeLessThan(1.02 * first.up);
  expect(first.down / 10).toBeLessThan(6000);
  expect(coordinator.status().numDevices).toBe(200);
});

test("those that wait are told who is there at a pace that leaves time for everyone, and hear the last count (P-70)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(rosters[0][1], {}, { clock });
  const clients: ProtocolClient[] = [];
  await joinUpTo(coordinator, clients, 60);
  clock.advance(1000);
  const numStatuses = () => clients.reduce((sum, { events }) => sum + events.filter(({ kind }) => kind === "status").length, 0);
  await vi.waitFor(() => expect(numStatuses()).toBeGreaterThan(60), { interval: 2 });
  const before = numStatuses();
  for (let place = 61; place <= 100; place++) {
    await joinUpTo(coordinator, clients, place);
    clock.advance(50);
  }
  clock.advance(1000);
  await Promise.all(clients.map((client) => client.when("status", ({ status }) => status.numDevices === 100)));
  // 3 s at 200 a second, one more round for everyone, and the status that each newcomer gets when it connects.
  expect(numStatuses() - before).toBeLessThan(3 * 200 + 100 + 40);
});

test("a status is as large with 100 clients and devices as with 5", async () => {
  const coordinator = await scene.start(rosters[0][1]);
  const sizes: number[] = [];
  const clients: ProtocolClient[] = [];
  for (const count of [5, 100]) {
    await joinUpTo(coordinator, clients, count);
    sizes.push(JSON.stringify(coordinator.status()).length);
  }
  expect(Math.abs((sizes[1] ?? 0) - (sizes[0] ?? 0))).toBeLessThan(30);
});

test("what is sent while the run waits is charged to no step, neither before the first nor between two", async () => {
  const clock = manualClock();
  const run = tinyFedAvg({ cohortSize: 4, quorum: 0.5 });
  const coordinator = await scene.start(run, { expectedClients: 2, graceMs: 1000 }, { clock });
  const a = scene.join(coordinator, "a", { onTask: ({ round }) => round === 1 });
  await a.when("registered");
  expect(coordinator.traffic()).toMatchObject({ train: { up: 0, down: 0 }, score: { up: 0, down: 0 } });
  expect(coordinator.traffic().waiting.down).toBeGreaterThan(1000);
  const b = scene.join(coordinator, "b", { onTask: ({ round }) => round === 1 });
  await Promise.all([a, b].map((client) => client.when("task", ({ lease }) => lease.round === 2)));
  for (const client of [a, b]) client.close();
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(0), { interval: 2 });
  clock.advance(1000);
  await coordinator.when("waiting", ({ reason }) => reason === "no device is connected");
  const { train, waiting } = coordinator.traffic();
  const spectator = io(coordinator.url, { forceNew: true, transports: ["websocket"] });
  await new Promise((resolve) => spectator.on("status", resolve));
  spectator.close();
  expect(coordinator.traffic().train).toEqual(train);
  expect(coordinator.traffic().waiting.down).toBeGreaterThan(waiting.down + 500);
  for (const [name, { kept }] of [
    ["a", a],
    ["b", b],
  ] as const)
    scene.join(coordinator, name, { kept });
  const { steps, traffic } = await coordinator.whenDone();
  const inSteps = steps.reduce((sum, { bytesUp, bytesDown }) => sum + bytesUp + bytesDown, 0);
  const ofSteps = [traffic.train, traffic.evaluation].reduce((sum, { up, down }) => sum + up + down, 0);
  expect(inSteps).toBe(ofSteps);
});
