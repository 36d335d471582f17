import { io } from "socket.io-client";
import { expect, test, vi } from "vitest";
import { type KeptClient, newClient, provenHello } from "./testing/keptClient.ts";
import { manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient, ProtocolClientOptions } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const open = tinyFedAvg({ roster: "open", numDevices: 3, maxDevices: 2, minDevices: 2, cohortSize: 2, quorum: 0.5, deadlineMs: 1000 });
const idle = { onTask: () => false };
const behind = (address: string): Partial<ProtocolClientOptions> => ({
  ...idle,
  socketOptions: { extraHeaders: { "x-forwarded-for": address } },
});
const helloAs = (kept: KeptClient, { socket }: ProtocolClient, { url }: WatchedCoordinator) =>
  ({ ...provenHello(kept, { socket, url }), hosting: "virtual", devices: [] }) as const;

test("a stranger who reserves every place and only says that it loads loses them to who comes (P-110)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(open, { reservationMs: 100_000 }, { clock });
  const strangers = ["x", "y"].map((name) => scene.join(coordinator, name, { onLoad: async () => false }));
  for (const stranger of strangers) await stranger.when("welcome");
  expect(await scene.join(coordinator, "early").when("refused")).toMatchObject({ rule: "P-13" });
  for (let i = 0; i < 3; i++) {
    clock.advance(33_000);
    for (const stranger of strangers) await stranger.call("loading", {});
  }
  clock.advance(1000);
  const { welcome } = await scene.join(coordinator, "honest").when("welcome");
  expect(welcome.devices).toMatchObject([{ decision: "new" }]);
  expect((await Promise.race(strangers.map((stranger) => stranger.when("moved")))).deviceIds).toEqual(
    welcome.devices.map(({ deviceId }) => deviceId),
  );
});

test("a place whose client is gone goes to a newcomer once its lease has lapsed and the run is full, with another number of examples (P-111)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(open, { leaseMs: 600_000 }, { clock });
  const gone = scene.join(coordinator, "gone", { ...idle, hosting: "own" });
  await gone.when("registered");
  await scene.join(coordinator, "stays", idle).when("registered");
  gone.close();
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(1), { interval: 2 });
  clock.advance(599_999);
  expect(await scene.join(coordinator, "early").when("refused")).toMatchObject({ rule: "P-13" });
  clock.advance(1);
  const next = scene.join(coordinator, "next", idle);
  expect((await next.when("welcome")).welcome.devices).toMatchObject([{ deviceId: 0, decision: "new" }]);
  await next.when("registered", ({ outcome }) => outcome.ok);
  expect(await scene.join(coordinator, "gone", { kept: gone.kept }).when("welcome")).toMatchObject({ welcome: { devices: [] } });
});

test("a client that returns before anybody needs its place finds its device as it was, however long it was away", async () => {
  const clock = manualClock();
  const coordinator = await scene.start({ ...open, maxDevices: 3 }, {}, { clock });
  const away = scene.join(coordinator, "away", idle);
  await away.when("registered");
  away.close();
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(0), { interval: 2 });
  clock.advance(86_400_000);
  expect((await scene.join(coordinator, "b", idle).when("welcome")).welcome.devices).toMatchObject([{ deviceId: 1 }]);
  const again = scene.join(coordinator, "away", { ...idle, kept: away.kept });
  expect((await again.when("welcome")).welcome.devices).toMatchObject([{ deviceId: 0, decision: "keep" }]);
});

test("a client that is connected and lets its tasks pass in silence loses its place too, and is told (P-111)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(open, { leaseMs: 5000 }, { clock });
  const silent = scene.join(coordinator, "silent", idle);
  await silent.when("registered");
  const works = scene.join(coordinator, "works");
  await silent.when("task");
  await works.when("submitted");
  clock.advance(1000);
  await coordinator.when("closed");
  clock.advance(5000);
  await scene.join(coordinator, "next", idle).when("welcome");
  expect((await silent.when("moved")).deviceIds).toEqual([0]);
  expect(works.events.some(({ kind }) => kind === "moved")).toBe(false);
});

test("a client that rests for moments only keeps no place for ever: its rests add up until it contributes (P-111)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(open, { leaseMs: 10_000 }, { clock });
  const idler = scene.join(coordinator, "idler", idle);
  await idler.when("registered");
  for (let i = 0; i < 3; i++) {
    await idler.call("pause", { isPaused: true });
    clock.advance(4000);
    if (i < 2) await idler.call("pause", { isPaused: false });
  }
  await scene.join(coordinator, "other", idle).when("registered");
  expect((await scene.join(coordinator, "next", idle).when("welcome")).welcome.devices).toMatchObject([{ deviceId: 0 }]);
});

test("one socket hosts one key: after it has left it gets no place under another name (P-12, P-110)", async () => {
  const coordinator = await scene.start(open);
  const a = scene.join(coordinator, "a", idle);
  await a.when("registered");
  expect(await a.call("leave", {})).toEqual({ ok: true, value: {} });
  expect(await a.call("hello", helloAs(newClient("b"), a, coordinator))).toMatchObject({ ok: false, rule: "P-12" });
  expect(await a.call("hello", helloAs(a.kept, a, coordinator))).toMatchObject({ ok: true });
  expect(coordinator.clients()).toHaveLength(1);
});

test("sixty clients of one public address get in, as a school behind one router has them (P-112)", async () => {
  const coordinator = await scene.start({ ...open, maxDevices: 80 }, { trustProxy: 1 });
  const pupils = Array.from({ length: 60 }, (_, i) => scene.join(coordinator, `pupil${i}`, behind("203.0.113.7")));
  await Promise.all(pupils.map((pupil) => pupil.when("registered")));
  expect(coordinator.status().numConnected).toBe(60);
});

test("the quota of an address holds whatever a client writes into X-Forwarded-For, and others are let in (P-112)", async () => {
  const coordinator = await scene.start({ ...open, maxDevices: 80 }, { trustProxy: 1, maxClientsPerAddress: 3 });
  const joined = Array.from({ length: 5 }, (_, i) => scene.join(coordinator, `bot${i}`, behind(`198.51.100.${i}, 203.0.113.7`)));
  const answers = await Promise.all(joined.map((client) => Promise.race([client.when("welcome"), client.when("refused")])));
  expect(answers.filter(({ kind }) => kind === "welcome")).toHaveLength(3);
  expect(answers.find(({ kind }) => kind === "refused")).toMatchObject({ rule: "P-112" });
  await scene.join(coordinator, "elsewhere", behind("203.0.113.8")).when("welcome");
});

test("a header from a stranger counts for nothing where no proxy is trusted, and this machine has no quota (P-112)", async () => {
  const coordinator = await scene.start({ ...open, maxDevices: 80 }, { maxClientsPerAddress: 1 });
  for (const name of ["a", "b", "c"]) await scene.join(coordinator, name, behind("203.0.113.7")).when("welcome");
});

test("places that are held from an address count in its quota after their clients have gone, until their leases lapse (P-112)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(
    { ...open, maxDevices: 80 },
    { trustProxy: 1, maxClientsPerAddress: 2, leaseMs: 60_000 },
    { clock },
  );
  for (const name of ["a", "b"]) {
    const client = scene.join(coordinator, name, behind("203.0.113.7"));
    await client.when("registered");
    client.close();
  }
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(0), { interval: 2 });
  expect(await scene.join(coordinator, "c", behind("203.0.113.7")).when("refused")).toMatchObject({ rule: "P-112" });
  clock.advance(60_000);
  await scene.join(coordinator, "d", behind("203.0.113.7")).when("welcome");
});

test("spectators are counted and bounded: one too many is told nothing and closed, a client still gets in (P-114)", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(open, { maxSpectators: 2 }, { clock });
  const watch = () => {
    const socket = io(coordinator.url, { forceNew: true, transports: ["websocket"], reconnection: false });
    const statuses: unknown[] = [];
    socket.on("status", (status: unknown) => statuses.push(status));
    const closed = new Promise<string>((resolve) => socket.on("disconnect", resolve));
    const connected = new Promise<void>((resolve) => socket.on("connect", resolve));
    return { socket, statuses, closed, connected };
  };
  const watching = [watch(), watch()];
  await Promise.all(watching.map(({ statuses }) => vi.waitFor(() => expect(statuses).toHaveLength(1))));
  expect(await (await fetch(`${coordinator.url}/metrics`)).text()).toContain("tutti_spectators 2\n");
  const extra = watch();
  await extra.connected;
  await scene.join(coordinator, "a", idle).when("registered");
  clock.advance(10_000);
  expect(await extra.closed).toBe("io server disconnect");
  expect(extra.statuses).toEqual([]);
  expect(watching.every(({ socket }) => socket.connected)).toBe(true);
  for (const { socket } of watching) socket.disconnect();
});
