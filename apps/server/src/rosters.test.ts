import { expect, test, vi } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const open = tinyFedAvg({ roster: "open", numDevices: 3, maxDevices: 3, minDevices: 2, cohortSize: 3, quorum: 0.5 });

test("a fixed roster begins when every device is registered, and says how many are", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 2 });
  scene.join(coordinator, "a");
  await coordinator.when("waiting", ({ reason }) => reason === "2 of 4 devices have registered");
  expect(coordinator.status()).toMatchObject({ phase: "waiting", message: "2 of 4 devices have registered", numDevices: 2 });
  scene.join(coordinator, "b");
  await coordinator.whenDone();
});

test("device i of a fixed roster lives on client i mod expectedClients, by order of arrival", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numDevices: 5 }), { expectedClients: 2 });
  for (const [name, expected] of [
    ["a", [0, 2, 4]],
    ["b", [1, 3]],
    ["c", []],
  ] as const) {
    const { welcome } = await scene.join(coordinator, name).when("welcome");
    expect(welcome.devices.map(({ deviceId }) => deviceId)).toEqual(expected);
  }
  await coordinator.whenDone();
});

test("without expected clients, the first gets every device and a newcomer its even share before the run begins", async () => {
  const coordinator = await scene.start(tinyFedAvg({ numDevices: 4 }));
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  const b = scene.join(coordinator, "b");
  const { welcome } = await b.when("welcome");
  const busy = coordinator.status().tasksOut;
  expect(busy).toBe(2);
  expect(welcome.devices.length).toBe(2);
  expect(welcome.devices.every(({ decision }) => decision === "new")).toBe(true);
});

test("no client gets more devices than maxPerClient", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { maxPerClient: 3 });
  const a = scene.join(coordinator, "a");
  expect((await a.when("welcome")).welcome.devices.map(({ deviceId }) => deviceId)).toEqual([0, 1, 2]);
  const b = scene.join(coordinator, "b");
  expect((await b.when("welcome")).welcome.devices.map(({ deviceId }) => deviceId)).toContain(3);
  await coordinator.whenDone();
});

test("a fixed roster refuses own examples (P-13)", async () => {
  const coordinator = await scene.start(tinyFedAvg());
  const own = scene.join(coordinator, "own", { hosting: "own" });
  expect(await own.when("refused")).toMatchObject({ rule: "P-13" });
});

test("an open roster begins at minDevices, counts who has registered, and samples a latecomer from the next round", async () => {
  const coordinator = await scene.start(open);
  let release: () => void = () => undefined;
  const held = new Promise<boolean>((resolve) => {
    release = () => resolve(true);
  });
  const a = scene.join(coordinator, "a", { hosting: "own", onTask: ({ round }) => (round === 1 ? held : true) });
  await a.when("welcome");
  await vi.waitFor(
    () => expect(coordinator.status().message).toBe("1 of 2 devices have registered; the operator can start the run earlier"),
    {
      interval: 2,
    },
  );
  const heard = await a.when("status", ({ status }) => status.numDevices === 1);
  expect(heard.status.message).toBe("1 of 2 devices have registered; the operator can start the run earlier");
  scene.join(coordinator, "b", { hosting: "own" });
  const first = await coordinator.when("planned");
  expect(first.plan).toMatchObject({ numDevices: 2 });
  expect(first.plan.tasks).toHaveLength(2);
  scene.join(coordinator, "c", { hosting: "own" });
  await vi.waitFor(() => expect(coordinator.status().numDevices).toBe(3), { interval: 2 });
  release();
  const second = await coordinator.when("planned", ({ plan }) => plan.round === 2);
  expect(second.plan.numDevices).toBe(3);
  expect(second.plan.tasks.map(({ deviceId }) => deviceId).sort()).toEqual([0, 1, 2]);
  await coordinator.whenDone();
});

test("an open roster that is full refuses newcomers, and lets its own back in (P-13)", async () => {
  const coordinator = await scene.start({ ...open, maxDevices: 2, cohortSize: 2 });
  const a = scene.join(coordinator, "a", { hosting: "own", onTask: () => false });
  const b = scene.join(coordinator, "b", { hosting: "own", onTask: () => false });
  await Promise.all([a.when("registered"), b.when("registered")]);
  const c = scene.join(coordinator, "c", { hosting: "own" });
  expect(await c.when("refused")).toMatchObject({
    rule: "P-13",
    message: "all 2 devices of this run are taken: maxDevices is 2",
  });
  a.close();
  const again = scene.join(coordinator, "a", { hosting: "own", kept: a.kept });
  expect((await again.when("welcome")).welcome.devices).toMatchObject([{ decision: "keep" }]);
});

test("an open roster begins earlier on the operator's word", async () => {
  const coordinator = await scene.start({ ...open, minDevices: 3 });
  const a = scene.join(coordinator, "a", { hosting: "own" });
  await a.when("welcome");
  await vi.waitFor(() => expect(coordinator.status().numDevices).toBe(1), { interval: 2 });
  coordinator.begin();
  expect((await coordinator.whenDone()).steps.map((step) => step.counted)).toEqual([[0], [0], [0], [0], [0]]);
});

test("devices of an open roster leave it until their client returns: they do not move", async () => {
  const coordinator = await scene.start({ ...open, numDevices: 2, cohortSize: 2 }, { graceMs: 0 });
  const a = scene.join(coordinator, "a", { hosting: "own" });
  const b = scene.join(coordinator, "b", { hosting: "own", onTask: () => false });
  await b.when("task");
  b.close();
  const outcome = await coordinator.whenDone();
  expect(a.kept.devices.size).toBe(1);
  expect(outcome.steps.map((step) => step.counted.length)).toEqual([1, 1, 1, 1, 1]);
});

test("a second socket with the same key replaces the first, which is told (P-11, P-81)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const first = scene.join(coordinator, "a", { onTask: () => false, socketOptions: { reconnection: false } });
  await first.when("task");
  const second = scene.join(coordinator, "a");
  await first.when("replaced");
  await first.when("disconnected");
  await coordinator.whenDone();
  expect(second.events.some((event) => event.kind === "submitted")).toBe(true);
});

test("the number of a dealt share is fixed at registration (P-14)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  expect(await a.call("register", { devices: [{ deviceId: 0, numExamples: 5 }] })).toEqual({ ok: true, value: {} });
  expect(await a.call("register", { devices: [{ deviceId: 0, numExamples: 6 }] })).toMatchObject({ ok: false, rule: "P-14" });
  expect(await a.call("register", { devices: [{ deviceId: 77, numExamples: 6 }] })).toMatchObject({ ok: false, rule: "P-14" });
});

test("a client whose store is empty starts its devices afresh: reset, logged and shown (P-23)", async () => {
  const run = tinyRun({ numRounds: 2, evaluateEvery: 2, cohortSize: 4 });
  const coordinator = await scene.start(run, { expectedClients: 1, homeless: "leave" });
  const a = scene.join(coordinator, "a", { onTask: ({ stage, round }) => !(stage === "train" && round === 2) });
  await a.when("task", ({ lease }) => lease.stage === "train" && lease.round === 2);
  a.close();
  const empty = scene.join(coordinator, "a");
  const { welcome } = await empty.when("welcome");
  expect(welcome.devices.map(({ decision }) => decision)).toEqual(["reset", "reset", "reset", "reset"]);
  expect(coordinator.status().message).toMatch(/device \d lost its private state and starts again/);
  const { contributions } = await coordinator.when("closed", ({ plan }) => plan.stage === "train" && plan.round === 2);
  expect(contributions.every((contribution) => contribution.wasReset === true)).toBe(true);
  await coordinator.whenDone();
});
