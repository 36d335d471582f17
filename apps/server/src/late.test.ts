import { expect, test, vi } from "vitest";
import { provenHello } from "./testing/keptClient.ts";
import { manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const run = tinyFedAvg({ cohortSize: 4, quorum: 1 });
const registerTimeoutMs = 60_000;

const hangs = async () => false;
const devicesOf = (client: ProtocolClient) => [...client.kept.devices.keys()].sort();
const hosted = (coordinator: WatchedCoordinator) => coordinator.clients().map(({ deviceIds }) => deviceIds);

const submitted = (client: ProtocolClient, count: number) =>
  client.when("submitted", () => client.events.filter((event) => event.kind === "submitted").length >= count);

/** Loading that ends when it is told to. */
function loading(): { readonly onLoad: () => Promise<boolean>; end(): void } {
  let end: () => void = () => undefined;
  const ended = new Promise<boolean>((resolve) => {
    end = () => resolve(true);
  });
  return { onLoad: () => ended, end };
}

test("a fixed roster goes on without a tab that hangs: another gets the devices that it does not register in time (P-17)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(run, { expectedClients: 2 }, { clock });
  const a = scene.join(coordinator, "a");
  await a.when("registered");
  const b = scene.join(coordinator, "b", { onLoad: hangs });
  await b.when("welcome");
  await vi.waitFor(
    () =>
      expect(hosted(coordinator)).toEqual([
        [0, 2],
        [1, 3],
      ]),
    { interval: 2 },
  );
  clock.advance(registerTimeoutMs - 1);
  expect(hosted(coordinator)).toEqual([
    [0, 2],
    [1, 3],
  ]);
  clock.advance(1);
  expect((await b.when("moved")).deviceIds).toEqual([1]);
  await coordinator.whenDone();
  expect(hosted(coordinator)).toEqual([[0, 1, 2, 3], []]);
  expect(devicesOf(b)).toEqual([]);
});

test("a tab that is late but gets ready after all is given its even share again, and registers that", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(run, { expectedClients: 2 }, { clock });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("registered");
  const slow = loading();
  const b = scene.join(coordinator, "b", { onLoad: slow.onLoad });
  await b.when("welcome");
  clock.advance(registerTimeoutMs);
  await b.when("moved", ({ deviceIds }) => deviceIds.includes(3));
  await a.when("registered", ({ deviceIds }) => deviceIds.includes(3));
  const { lease } = await a.when("task");
  await a.call("pause", { isPaused: true });
  slow.end();
  await b.when("registered", ({ deviceIds }) => deviceIds.length === 0);
  await submitted(b, 3);
  expect(devicesOf(b)).toEqual([0, 1, 2, 3].filter((id) => id !== lease.deviceId)); // nothing disturbs the task that is out
  await a.work(lease);
  await vi.waitFor(() => expect(hosted(coordinator)).toEqual([[], [0, 1, 2, 3]]), { interval: 2 });
  expect((await coordinator.whenDone()).steps[0]?.counted).toEqual([0, 1, 2, 3]);
});

test("a late tab that gets ready while others have tasks waiting is given one, with its device (P-28)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(run, { expectedClients: 2 }, { clock });
  let isHeld = true;
  const a = scene.join(coordinator, "a", { onTask: () => !isHeld });
  await a.when("registered");
  const slow = loading();
  const b = scene.join(coordinator, "b", { onLoad: slow.onLoad });
  await b.when("welcome");
  clock.advance(registerTimeoutMs);
  await vi.waitFor(() => expect(coordinator.status().tasksOut).toBe(4), { interval: 2 });
  slow.end();
  await b.when("registered", ({ deviceIds }) => deviceIds.length === 0);
  await b.when("task");
  isHeld = false;
  for (const event of a.events) if (event.kind === "task") void a.work(event.lease);
  await coordinator.whenDone();
  expect(hosted(coordinator).map(({ length }) => length)).not.toContain(0);
});

test("devices that a late tab lost to nobody are its own as soon as it registers them", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(run, { expectedClients: 1 }, { clock });
  const slow = loading();
  const a = scene.join(coordinator, "a", { onLoad: slow.onLoad });
  await a.when("welcome");
  clock.advance(registerTimeoutMs);
  expect(hosted(coordinator)).toEqual([[0, 1, 2, 3]]);
  slow.end();
  expect((await a.when("registered")).outcome).toEqual({ ok: true, value: {} });
  await coordinator.whenDone();
});

test("a slow download keeps its devices while it gets on, but not for ever (P-16)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(run, { expectedClients: 2 }, { clock });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("registered");
  const b = scene.join(coordinator, "b", { onLoad: hangs });
  await b.when("welcome");
  let numSigns = 0;
  while (!b.events.some(({ kind }) => kind === "moved") && numSigns < 100) {
    clock.advance(registerTimeoutMs - 1000);
    // Also a hello is a sign of life, and no new beginning.
    await b.call(numSigns % 2 === 0 ? "loading" : "hello", numSigns % 2 === 0 ? {} : helloAs(b, coordinator));
    numSigns += 1;
  }
  expect(numSigns).toBe(31);
  expect(hosted(coordinator)).toEqual([[0, 1, 2, 3], []]);
});

test("a tab that reloads in the middle of a round and hangs then does not hold up a step without a deadline", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(tinyFedAvg({ cohortSize: 4, quorum: 0.5, deadlineMs: null }), { expectedClients: 2 }, { clock });
  const a = scene.join(coordinator, "a");
  const b = scene.join(coordinator, "b", { onTask: () => false });
  await b.when("task");
  b.close();
  const again = scene.join(coordinator, "b", { kept: b.kept, onLoad: hangs });
  await again.when("welcome");
  clock.advance(registerTimeoutMs);
  await coordinator.whenDone();
  expect(devicesOf(a)).toEqual([0, 1, 2, 3]);
});

test("of an open roster that is full, the device of a tab that hangs goes to the next who comes", async () => {
  const clock = manualClock();
  const open = tinyFedAvg({ roster: "open", numDevices: 2, maxDevices: 2, minDevices: 2, cohortSize: 2 });
  const coordinator = await scene.start(open, {}, { clock });
  const a = scene.join(coordinator, "a");
  await a.when("registered");
  const slow = loading();
  const b = scene.join(coordinator, "b", { onLoad: slow.onLoad });
  await b.when("welcome");
  const c = scene.join(coordinator, "c");
  expect(await c.when("refused")).toMatchObject({ rule: "P-13" });
  clock.advance(registerTimeoutMs);
  const d = scene.join(coordinator, "d");
  expect((await d.when("welcome")).welcome.devices).toEqual([{ deviceId: 1, decision: "new", share: 1 }]);
  expect((await b.when("moved")).deviceIds).toEqual([1]);
  slow.end();
  expect(await b.when("registered")).toMatchObject({ deviceIds: [], outcome: { ok: true } });
  await coordinator.whenDone();
  expect(hosted(coordinator)).toEqual([[0], [], [1]]);
});

function helloAs({ kept, socket }: ProtocolClient, { url }: WatchedCoordinator) {
  return { ...provenHello(kept, { socket, url }), hosting: "virtual", devices: [] } as const;
}
