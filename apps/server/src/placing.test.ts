import { deferred, type RunSettings } from "@tutti/core";
import { busyShares } from "@tutti/record";
import { expect, test, vi } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import type { RunOutcome } from "./liveRun.ts";
import { manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
/** Two of four devices train in a round, and every device has a state from the first of Stage C on. */
const run = tinyRun({ numRounds: 4, evaluateEvery: 2, cohortSize: 3, quorum: 1 });

const tasksOf = (client: ProtocolClient) => client.events.flatMap((event) => (event.kind === "task" ? [event.lease.deviceId] : []));
const hosted = (coordinator: WatchedCoordinator) => coordinator.clients().map(({ deviceIds }) => deviceIds);
const numOut = (coordinator: WatchedCoordinator, count: number) =>
  vi.waitFor(() => expect(coordinator.status().tasksOut).toBe(count), { interval: 2 });

async function outcomeWith(names: readonly string[], settings: RunSettings): Promise<RunOutcome> {
  const coordinator = await scene.start(settings, { expectedClients: names.length, runId: "same" });
  for (const name of names) await scene.join(coordinator, name).when("welcome");
  return coordinator.whenDone();
}

test("wherever its tasks are done, a run gets the same bits, with one, two and three clients (P-28)", async () => {
  const [one, two, three] = [await outcomeWith(["a"], run), await outcomeWith(["b", "c"], run), await outcomeWith(["d", "e", "f"], run)];
  expect(two.parametersSha256).toBe(one.parametersSha256);
  expect(three.parametersSha256).toBe(one.parametersSha256);
  expect([...three.deviceStates]).toEqual([...one.deviceStates]);
  expect(three.steps.map(({ counted }) => counted)).toEqual(one.steps.map(({ counted }) => counted));
  expect(one.traffic.states.down).toBe(0);
  for (const { ofOpen } of [one, two, three].map(({ steps }) => busyShares(steps))) {
    expect(ofOpen).toBeGreaterThan(0);
    expect(ofOpen).toBeLessThanOrEqual(1);
  }
});

test("two tasks whose devices live on one client are done by two clients at once, and a client holds one at a time (P-28)", async () => {
  const coordinator = await scene.start(tinyFedAvg({ cohortSize: 4, quorum: 1 }), { expectedClients: 2, maxPerClient: null });
  const isOpen = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: () => isOpen.promise });
  await a.when("welcome");
  const b = scene.join(coordinator, "b", { onTask: () => isOpen.promise });
  const c = scene.join(coordinator, "c", { onTask: () => isOpen.promise });
  const held = await Promise.all([a, b, c].map(async (client) => (await client.when("task")).lease.deviceId));
  expect(new Set(held).size).toBe(3);
  expect([a, b, c].map((client) => tasksOf(client).length)).toEqual([1, 1, 1]);
  expect(c.kept.devices.has(held[2] ?? -1)).toBe(true);
  isOpen.resolve(true);
  const { steps } = await coordinator.whenDone();
  expect(steps.map(({ counted }) => counted.length)).toEqual([4, 4, 4, 4, 4]);
});

test("a client at work gets the next task's device once it has said that half of its task is done, and of that task alone (P-28)", async () => {
  const coordinator = await scene.start(tinyFedAvg({ cohortSize: 4, quorum: 1 }), { expectedClients: 1, maxPerClient: null });
  const isOpen = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: () => isOpen.promise });
  await a.when("task");
  const b = scene.join(coordinator, "b", { onTask: () => isOpen.promise });
  const { lease } = await b.when("task");
  const numAssigned = () => b.events.filter(({ kind }) => kind === "assign").length;
  const says = (taskId: string, step: number) => b.call("progress", { taskId, step, numSteps: 4, loss: null });
  await says(lease.taskId, 1);
  await says("0".repeat(32), 4); // no task of this step
  await b.call("loading", {}); // whatever was to be placed is placed by now
  expect(numAssigned()).toBe(1);
  await says(lease.taskId, 2);
  await vi.waitFor(() => expect(numAssigned()).toBe(2), { interval: 2 });
  isOpen.resolve(true);
  await coordinator.whenDone();
});

test("a task that is held does not move, also not while its client is away for its grace time (P-28)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(tinyFedAvg({ cohortSize: 4, quorum: 1 }), { expectedClients: 2, graceMs: 5000 }, { clock });
  const a = scene.join(coordinator, "a");
  const b = scene.join(coordinator, "b", { onTask: () => false });
  const { lease } = await b.when("task");
  await numOut(coordinator, 1); // a has done all the others
  const submission = await b.prepare(lease);
  b.close();
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(1), { interval: 2 });
  clock.advance(4999);
  expect(hosted(coordinator)[1]).toContain(lease.deviceId);
  const again = scene.join(coordinator, "b", { kept: b.kept });
  const { lease: sentAgain } = await again.when("task");
  expect(sentAgain.taskId).toBe(lease.taskId);
  expect(submission.taskId).toBe(lease.taskId);
  expect((await again.when("submitted")).outcome).toEqual({ ok: true, value: { outcome: "accepted" } });
  expect(tasksOf(a)).not.toContain(lease.deviceId);
  await coordinator.whenDone();
});

test("after a restart, a contribution that a hello lists as pending is waited for, and its device stays (P-28)", async () => {
  const content = new Map<string, Uint8Array>();
  const settings = tinyFedAvg({ cohortSize: 4, quorum: 1 });
  const first = await scene.start(settings, { expectedClients: 2 }, { store: memoryStore(content) });
  scene.join(first, "a", { onTask: ({ round }) => round > 1 });
  const b = scene.join(first, "b", { onTask: () => false });
  const { lease } = await b.when("task");
  await b.prepare(lease);
  await first.close();
  b.close();
  const second = await scene.start(settings, { expectedClients: 2, port: first.port }, { store: memoryStore(content) });
  const again = scene.join(second, "b", { kept: b.kept });
  expect((await again.when("welcome")).welcome.devices).toContainEqual({ deviceId: lease.deviceId, decision: "keep" });
  const { outcome } = await again.when("submitted", (event) => event.lease.taskId === lease.taskId);
  expect(outcome).toEqual({ ok: true, value: { outcome: "accepted" } });
  again.close();
});

test("a coordinator that is killed while a device is on its way goes on, and ends with the same bits (P-28)", async () => {
  const settings = { ...run, cohortSize: 4 };
  const calm = await outcomeWith(["x"], settings);
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(settings, { expectedClients: 1, runId: "same" }, { store: memoryStore(content) });
  const isHeld = { value: true };
  const isLater = ({ stage, round }: { stage: string; round: number }) => stage === "train" && round === 2;
  const a = scene.join(first, "a", { onTask: (lease) => !(isHeld.value && isLater(lease)) });
  await a.when("task", ({ lease }) => isLater(lease));
  const b = scene.join(first, "b", { onLoad: async (ids) => !isHeld.value || ids.length === 0 }); // hosts none yet, and gets one that it does not register
  const { devices } = await b.when("assign");
  expect(devices[0]).toMatchObject({ decision: "new", state: { numBytes: expect.any(Number) } });
  await first.close();
  isHeld.value = false;
  const second = await scene.start(settings, { expectedClients: 1, runId: "same", port: first.port }, { store: memoryStore(content) });
  const outcome = await second.whenDone();
  expect(outcome.parametersSha256).toBe(calm.parametersSha256);
  expect([...outcome.deviceStates]).toEqual([...calm.deviceStates]);
  expect(outcome.traffic.states.down).toBeGreaterThan(0);
});

test("a client that does not register what moved to it loses it after 5 s, and is given none in the steps that follow (P-29)", async () => {
  const clock = manualClock();
  const settings = tinyFedAvg({ cohortSize: 4, quorum: 1, numRounds: 2, evaluateEvery: 2 });
  const coordinator = await scene.start(settings, { expectedClients: 1 }, { clock });
  const isOpen = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: () => isOpen.promise });
  await a.when("task");
  const silent = scene.join(coordinator, "silent", { onLoad: async (ids) => ids.length === 0 });
  const { devices } = await silent.when("assign");
  const helper = scene.join(coordinator, "helper");
  await numOut(coordinator, 2); // the helper did the others; a's and the silent one's are left
  clock.advance(4999);
  await helper.call("loading", {});
  expect(hosted(coordinator)[1]).toEqual(devices.map(({ deviceId }) => deviceId));
  clock.advance(1);
  await numOut(coordinator, 1);
  expect(tasksOf(helper)).toContain(devices[0]?.deviceId);
  isOpen.resolve(true);
  await coordinator.whenDone();
  expect(silent.events.filter(({ kind }) => kind === "assign")).toHaveLength(1);
});

test("a client that declines what it was given is handed nothing in the next two steps, and all of it is done without it (P-29)", async () => {
  const settings = tinyFedAvg({ cohortSize: 4, quorum: 0.25, numRounds: 3, evaluateEvery: 3 });
  const coordinator = await scene.start(settings, { expectedClients: 1 });
  const isOpen = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: () => isOpen.promise });
  await a.when("task");
  const thief = scene.join(coordinator, "thief", {
    onTask: ({ taskId }) => thief.call("decline", { taskId, reason: "I take and do nothing" }).then(() => false),
  });
  const { lease } = await thief.when("task");
  await numOut(coordinator, 3);
  isOpen.resolve(true);
  await coordinator.when("closed", ({ plan }) => plan.round === 1);
  expect(coordinator.steps()[0]?.counted).toEqual([0, 1, 2, 3].filter((id) => id !== lease.deviceId));
  await coordinator.when("closed", ({ plan }) => plan.round === 3);
  expect(
    coordinator
      .steps()
      .slice(1, 3)
      .map(({ counted }) => counted),
  ).toEqual([
    [0, 1, 2, 3],
    [0, 1, 2, 3],
  ]);
  expect(thief.events.filter((event) => event.kind === "task" && event.lease.spec.kind === "train")).toHaveLength(1);
});

test.each([
  ["a fixed roster whose states stay with the clients", { homeless: "leave", expectedClients: 1 }, {}],
  ["an open roster", {}, { roster: "open", minDevices: 1 } as const],
])("in %s no device moves, whoever is free (P-28)", async (_, options, change) => {
  const settings = tinyFedAvg({ cohortSize: 4, quorum: 0.25, numDevices: 4, ...change });
  const coordinator = await scene.start(settings, options as { expectedClients?: number });
  const isOpen = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: () => isOpen.promise });
  const { length } = (await a.when("welcome")).welcome.devices;
  await vi.waitFor(() => expect(tasksOf(a)).toHaveLength(length), { interval: 2 }); // all at once
  const b = scene.join(coordinator, "b");
  await b.when("registered");
  isOpen.resolve(true);
  await coordinator.whenDone();
  for (const client of [a, b]) expect(client.events.filter(({ kind }) => kind === "assign" || kind === "moved")).toEqual([]);
});
