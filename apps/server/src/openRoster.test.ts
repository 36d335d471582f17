import { createRandom, presets, shareOf } from "@tutti/core";
import { expect, test, vi } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { packRecord, unpackRecord } from "./journal/records.ts";
import { deriveRunId } from "./runFolder.ts";
import { mergeSettings } from "./settings.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
/** Three shares of the examples, room for a class. */
const open = tinyFedAvg({ roster: "open", numDevices: 3, minDevices: 8, cohortSize: 8, quorum: 0.5, numRounds: 2, evaluateEvery: 1 });
const names = (count: number) => Array.from({ length: count }, (_, i) => `pupil${i}`);

test("an open roster takes more devices than there are shares, and those that come later hold one that is dealt by the seed (P-15)", async () => {
  const coordinator = await scene.start(open);
  const pupils = [];
  for (const name of names(8)) {
    const pupil = scene.join(coordinator, name);
    await pupil.when("registered");
    pupils.push(pupil);
  }
  const dealt = await Promise.all(pupils.map(async (pupil) => (await pupil.when("welcome")).welcome.devices));
  const random = createRandom(open.seed);
  expect(dealt).toEqual(Array.from({ length: 8 }, (_, i) => [{ deviceId: i, decision: "new", share: shareOf(i, 3, random) }]));
  expect([0, 1, 2, 3, 4, 5].map((i) => shareOf(i, 3, random)).sort()).toEqual([0, 0, 1, 1, 2, 2]);
  const { steps } = await coordinator.whenDone();
  expect(steps.filter(({ kind }) => kind === "train").map(({ counted }) => counted.length)).toEqual([8, 8]);
});

test("the 21st pupil of the class command gets in", async () => {
  const flags = { run: { roster: "open", minDevices: 8 } };
  const { run } = mergeSettings({ presets, preset: "default", flags });
  expect(run).toMatchObject({ numDevices: 20, maxDevices: 500, minDevices: 8 });
  const coordinator = await scene.start(run);
  const pupils = names(21).map((name) => scene.join(coordinator, name, { onTask: () => false }));
  const devices = (await Promise.all(pupils.map((pupil) => pupil.when("welcome")))).map(({ welcome }) => welcome.devices);
  expect(devices.map(([device]) => device?.deviceId).sort((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 21 }, (_, i) => i));
  await vi.waitFor(() => expect(coordinator.status().numDevices).toBe(21), { interval: 5 });
});

test("who holds the same share as another trains like any other and is not evaluated a second time", async () => {
  const coordinator = await scene.start(open);
  for (const name of names(7)) await scene.join(coordinator, name).when("registered");
  // Its own examples are nobody else's, so they take no share and are asked about as well.
  await scene.join(coordinator, "own", { hosting: "own" }).when("registered");
  const { steps } = await coordinator.whenDone();
  const evaluations = steps.filter(({ kind }) => kind === "evaluate");
  expect(evaluations.map(({ cohort }) => cohort)).toEqual([
    [0, 1, 2, 7],
    [0, 1, 2, 7],
  ]);
  for (const result of evaluations.flatMap((step) => step.evaluations)) expect(result).toMatchObject({ numDevices: 4, coverage: 1 });
});

test("own examples take no share: shares are dealt to those that ask for one", async () => {
  const coordinator = await scene.start({ ...open, minDevices: 3 });
  const own = scene.join(coordinator, "own", { hosting: "own", onTask: () => false });
  expect((await own.when("welcome")).welcome.devices).toEqual([{ deviceId: 0, decision: "new" }]);
  const first = scene.join(coordinator, "first", { onTask: () => false });
  expect((await first.when("welcome")).welcome.devices).toEqual([{ deviceId: 1, decision: "new", share: 0 }]);
  await first.when("registered");
  first.close();
  await vi.waitFor(() => expect(coordinator.status().numConnected).toBe(1), { interval: 2 });
  const again = scene.join(coordinator, "first", { kept: first.kept, onTask: () => false });
  expect((await again.when("welcome")).welcome.devices).toEqual([{ deviceId: 1, decision: "keep", share: 0 }]);
});

test("a device that nobody registered is dealt to the next who comes, once its client is gone", async () => {
  const coordinator = await scene.start({ ...open, maxDevices: 8 }, { graceMs: 0 });
  const hasty = scene.join(coordinator, "hasty", { onLoad: async () => false });
  expect((await hasty.when("welcome")).welcome.devices).toMatchObject([{ deviceId: 0, share: 0 }]);
  hasty.close();
  await vi.waitFor(() => expect(coordinator.clients()).toMatchObject([{ isConnected: false, deviceIds: [] }]), { interval: 2 });
  const next = scene.join(coordinator, "next");
  expect((await next.when("welcome")).welcome.devices).toMatchObject([{ deviceId: 0, share: 0 }]);
});

test("an open run from before there was maxDevices is found again, keeps its devices and takes more", async () => {
  const run = { ...open, numDevices: 3, minDevices: 2, cohortSize: 3 };
  const { maxDevices: _, ...old } = run;
  expect(deriveRunId(run)).toBe(deriveRunId(old as typeof run));
  expect(deriveRunId({ ...run, maxDevices: 40 })).not.toBe(deriveRunId(run));
  expect(deriveRunId({ ...run, numDevices: 900, maxDevices: 900 })).toBe(deriveRunId({ ...(old as typeof run), numDevices: 900 }));
  const fixed = tinyFedAvg({ numDevices: 900 });
  expect(deriveRunId({ ...fixed, maxDevices: 40 })).toBe(deriveRunId(fixed));
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(run, {}, { store: memoryStore(content) });
  const a = scene.join(first, "a", { onTask: () => false });
  const b = scene.join(first, "b", { onTask: () => false });
  await Promise.all([a.when("task"), b.when("task")]);
  await first.close();
  const older = (name: string, value: unknown) => (name === "maxDevices" || name === "share" ? undefined : value);
  for (const [key, record] of content) {
    if (key.startsWith("tensor/")) continue; // no record
    const { json, bytes } = unpackRecord(record);
    content.set(key, packRecord(JSON.parse(JSON.stringify(json, older)), bytes));
  }
  const second = await scene.start(run, {}, { store: memoryStore(content) });
  const [again] = [a, b].map((client, i) => scene.join(second, i === 0 ? "a" : "b", { kept: client.kept }));
  const deviceId = [...a.kept.devices.keys()][0] ?? -1;
  expect((await again?.when("welcome"))?.welcome.devices).toEqual([{ deviceId, decision: "keep", share: deviceId }]);
  const late = await Promise.all(["c", "d", "e"].map((name) => scene.join(second, name).when("welcome")));
  expect(late.flatMap(({ welcome }) => welcome.devices.map(({ deviceId: id }) => id)).sort()).toEqual([2, 3, 4]);
  await second.whenDone();
});
