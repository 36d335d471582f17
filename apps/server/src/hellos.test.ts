import { deferred } from "@tutti/core";
import { decodeParams, protocolVersion } from "@tutti/protocol";
import { expect, test, vi } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { newClient, provenHello } from "./testing/keptClient.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun, tinyTuned } from "./testing/tinyRun.ts";

const scene = createScene();
const helloAs = (name: string, { url }: { url: string }, { socket }: ProtocolClient) =>
  ({ ...provenHello(newClient(name), { socket, url }), hosting: "virtual", devices: [] }) as const;

test("a page of another protocol version is told to reload and nothing else happens (P-1)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  const old = { ...helloAs("of-last-year", coordinator, a), protocolVersion: protocolVersion - 1, whatever: "it said then" };
  const answer = await new Promise((resolve) => a.socket.emit("hello", old, resolve));
  expect(answer).toMatchObject({ ok: false, rule: "P-1", message: expect.stringContaining("reload") });
  expect(coordinator.status()).toMatchObject({ numConnected: 1, numDevices: 4 });
});

test("a socket speaks for one client: hello under a second key is refused, and the first stays as it was (P-12)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1, graceMs: 0 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  expect(await a.call("hello", helloAs("b", coordinator, a))).toMatchObject({ ok: false, rule: "P-12" });
  expect(coordinator.status().numConnected).toBe(1);
  a.close();
  // A client that nobody could disconnect would be waited for without end.
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(0), { interval: 2 });
  scene.join(coordinator, "c");
  await coordinator.whenDone();
});

test("who has left is refused until the next hello, and finds its devices and their state again (P-34)", async () => {
  const coordinator = await scene.start(tinyRun({ roster: "open", minDevices: 2, numDevices: 2, quorum: 0.5 }), { maxPerClient: 1 });
  const other = scene.join(coordinator, "other", { hosting: "own", onTask: ({ stage }) => stage !== "train" });
  const a = scene.join(coordinator, "a", { hosting: "own" });
  await other.when("task", ({ lease }) => lease.stage === "train");
  await a.when("submitted", ({ lease }) => lease.stage === "train");
  expect(await a.call("leave", {})).toEqual({ ok: true, value: {} });
  expect(await a.call("pause", { isPaused: true })).toMatchObject({ ok: false, rule: "P-10" });
  const versions = [...a.kept.devices].map(([deviceId, { version }]) => ({ deviceId, version }));
  a.close();
  const again = scene.join(coordinator, "a", { hosting: "own", kept: a.kept });
  expect((await again.when("welcome")).welcome.devices).toMatchObject([{ decision: "keep" }]);
  expect([...again.kept.devices].map(([deviceId, { version }]) => ({ deviceId, version }))).toEqual(versions);
});

test("who joins an open run late starts its local layers from the initial prompts", async () => {
  const run = tinyRun({ roster: "open", minDevices: 2, numDevices: 3, cohortSize: 3, numRounds: 6 });
  const coordinator = await scene.start(run);
  const joined = deferred<boolean>();
  const early = {
    hosting: "own",
    onTask: ({ stage, round }: { stage: string; round: number }) => stage !== "train" || round < 2 || joined.promise,
  } as const;
  scene.join(coordinator, "a", early);
  const b = scene.join(coordinator, "b", early);
  await b.when("task", ({ lease }) => lease.stage === "train" && lease.round === 2);
  const read = deferred<boolean>();
  const late = scene.join(coordinator, "late", { hosting: "own", onTask: ({ spec }) => (spec.kind === "train" ? read.promise : true) });
  expect((await late.when("welcome")).welcome.devices).toEqual([{ deviceId: 2, decision: "new" }]);
  await vi.waitFor(() => expect(coordinator.status().numDevices).toBe(3), { interval: 2 });
  joined.resolve(true);
  const { lease } = await late.when("task", (event) => event.lease.spec.kind === "train");
  expect(lease).toMatchObject({ stage: "train", spec: { kind: "train" } });
  const response = await fetch(`${coordinator.url}/blobs/${lease.parameterSets.initial?.sha256}`);
  const initial = decodeParams(await response.arrayBuffer());
  read.resolve(true);
  const selected = coordinator.status().selectedLayers ?? [];
  const local = Object.keys(initial).filter((name) => name.startsWith("prefix/"));
  expect(local.length).toBeGreaterThan(0);
  for (const name of local) expect(selected).not.toContain(Number(name.slice("prefix/".length)));
  expect(local.every((name) => name in tinyTuned(run).initial)).toBe(true);
  const outcome = await coordinator.whenDone();
  expect(outcome.steps.filter(({ stage, counted }) => stage === "train" && counted.includes(2)).length).toBeGreaterThan(0);
});

test("a prober that leaves is replaced by the next device in order", async () => {
  const run = tinyRun({ roster: "open", minDevices: 4, numDevices: 4, cohortSize: 4, quorum: 0.5 });
  const coordinator = await scene.start({ ...run, strategy: { ...run.strategy, probeDevices: 1 } as typeof run.strategy }, { graceMs: 0 });
  const leavers: number[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    const client = scene.join(coordinator, name, {
      hosting: "own",
      async onTask({ spec, deviceId }) {
        if (spec.kind !== "probe" || leavers.length > 0) return true;
        leavers.push(deviceId);
        await client.call("leave", {});
        return false;
      },
    });
  }
  const { steps } = await coordinator.whenDone();
  const probe = steps.find(({ kind }) => kind === "probe");
  expect(leavers).toHaveLength(1);
  expect(probe?.counted).toHaveLength(1);
  expect(probe?.counted).not.toEqual(leavers);
});

test("tabs that say hello at the same moment share the devices", async () => {
  const written = deferred<void>();
  let isSlow = true;
  const store = memoryStore();
  const slow = { ...store, flushed: () => (isSlow ? written.promise : store.flushed()) };
  const coordinator = await scene.start(tinyFedAvg(), {}, { store: slow });
  const a = scene.join(coordinator, "a");
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(1), { interval: 2 });
  const b = scene.join(coordinator, "b");
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(2), { interval: 2 });
  isSlow = false;
  written.resolve();
  const dealt = await Promise.all([a, b].map((client) => client.when("welcome")));
  expect(dealt.map(({ welcome }) => welcome.devices.map(({ deviceId }) => deviceId))).toEqual([
    [0, 1],
    [2, 3],
  ]);
  await coordinator.whenDone();
});
