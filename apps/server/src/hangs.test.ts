import { io } from "socket.io-client";
import { expect, test, vi } from "vitest";
import { manualClock } from "./testing/manualClock.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
/** Every device trains in every round, two of four are enough. */
const everyone = tinyFedAvg({ cohortSize: 4, quorum: 0.5 });
const graceMs = 5000;

const submitted = (client: ProtocolClient, count: number) =>
  client.when("submitted", () => client.events.filter((event) => event.kind === "submitted").length >= count);
const connected = (coordinator: WatchedCoordinator, count: number) =>
  vi.waitFor(() => expect(coordinator.status().numConnected).toBe(count), { interval: 2, timeout: 10_000 });

/** A gate that a client's tasks wait at. */
function gate(): { readonly passed: Promise<boolean>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<boolean>((resolve) => {
    open = () => resolve(true);
  });
  return { passed, open };
}

test("a tab that joins and stays silent is late at the deadline, and the run goes on without it (P-32)", async () => {
  const clock = manualClock();
  const run = tinyFedAvg({ cohortSize: 4, quorum: 0.5, deadlineMs: 1000, numRounds: 2 });
  const coordinator = await scene.start(run, { expectedClients: 2 }, { clock });
  const a = scene.join(coordinator, "a");
  const b = scene.join(coordinator, "b", { onTask: () => false });
  const { lease } = await b.when("task");
  expect(lease.deadlineMs).toBe(1000);
  const late = await b.prepare(lease);
  await submitted(a, 3);
  clock.advance(1000);
  const { contributions } = await coordinator.when("closed");
  expect(contributions.map((contribution) => contribution.deviceId)).toEqual([0, 1, 2, 3].filter((id) => id !== lease.deviceId));
  expect(await b.call("submit", late)).toEqual({ ok: true, value: { outcome: "late" } });
  // The silent one is handed nothing for two steps (P-29).
  expect((await coordinator.whenDone()).steps.map(({ counted }) => counted.length)).toEqual([3, 4, 4]);
});

test("a step that too few answer by its deadline is repeated, and says so", async () => {
  const clock = manualClock();
  const run = tinyFedAvg({ cohortSize: 4, quorum: 0.8, deadlineMs: 1000, numRounds: 1, evaluateEvery: 1 });
  const coordinator = await scene.start(run, { expectedClients: 2 }, { clock });
  const a = scene.join(coordinator, "a");
  let isSilent = true;
  const b = scene.join(coordinator, "b", { onTask: () => !isSilent });
  const { lease } = await b.when("task");
  await submitted(a, 3);
  isSilent = false;
  clock.advance(1000);
  const { reason } = await coordinator.when("repeated");
  expect(reason).toBe(
    `train round 1, step 1, attempt 1: only 3 of 4 contributions arrived, 4 are needed (device ${lease.deviceId} was late)`,
  );
  expect((await coordinator.whenDone()).steps[0]).toMatchObject({ attempt: 2, counted: [0, 1, 2, 3] });
});

test("a tab that leaves after the others submitted does not hold up the step: its devices have left when their grace time is over", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(everyone, { expectedClients: 2, homeless: "leave", graceMs }, { clock });
  const a = scene.join(coordinator, "a");
  const b = scene.join(coordinator, "b", { onTask: () => false });
  await b.when("task");
  await submitted(a, 2);
  b.close();
  await connected(coordinator, 1);
  expect(coordinator.steps()).toEqual([]);
  clock.advance(graceMs);
  expect((await coordinator.whenDone()).steps.map((step) => [...step.cohort].sort())).toEqual([
    [0, 1, 2, 3],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
  ]);
  expect(coordinator.steps()[0]?.counted).toEqual([0, 2]);
});

test("a tab that says it leaves is not waited for at all", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(everyone, { expectedClients: 2, homeless: "leave" }, { clock });
  const a = scene.join(coordinator, "a");
  const b = scene.join(coordinator, "b", { onTask: () => false });
  await b.when("task");
  await submitted(a, 2);
  await b.call("leave", {});
  expect((await coordinator.whenDone()).steps.map((step) => step.counted)).toEqual([
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
  ]);
});

test("a socket that never says hello watches, and the run takes no notice of it", async () => {
  const coordinator = await scene.start(everyone, { expectedClients: 2 });
  const spectator = io(coordinator.url, { forceNew: true, transports: ["websocket"] });
  const statuses: { phase: string }[] = [];
  spectator.on("status", (status) => statuses.push(status));
  const refusal = await new Promise((resolve) => spectator.on("connect", () => spectator.emit("pause", { isPaused: true }, resolve)));
  expect(refusal).toMatchObject({ ok: false, rule: "P-10" });
  for (const name of ["a", "b"]) scene.join(coordinator, name);
  const outcome = await coordinator.whenDone();
  expect(outcome.steps).toHaveLength(5);
  await vi.waitFor(() => expect(statuses.at(-1)?.phase).toBe("done"), { interval: 2 });
  spectator.close();
});

test("with a hello timeout, a socket that never says hello is closed", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(everyone, { helloTimeoutMs: 3000 }, { clock });
  const spectator = io(coordinator.url, { forceNew: true, transports: ["websocket"], reconnection: false });
  const closed = new Promise((resolve) => spectator.on("disconnect", resolve));
  await new Promise((resolve) => spectator.on("status", resolve));
  clock.advance(3000);
  expect(await closed).toBe("io server disconnect");
});

test("a leaver whose contribution was accepted still counts", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(everyone, { expectedClients: 2, homeless: "leave", graceMs }, { clock });
  const hold = gate();
  const a = scene.join(coordinator, "a", { onTask: () => hold.passed });
  const b = scene.join(coordinator, "b");
  await submitted(b, 2);
  b.close();
  await connected(coordinator, 1);
  clock.advance(graceMs);
  hold.open();
  await a.when("submitted");
  await coordinator.whenDone();
  expect(coordinator.steps().map((step) => step.counted)).toEqual([
    [0, 1, 2, 3],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
  ]);
});

test("a client that comes back rounds later keeps its devices and their state, and is sampled again", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(
    tinyRun({ cohortSize: 4, numRounds: 4, evaluateEvery: 4 }),
    { expectedClients: 2, homeless: "leave", graceMs },
    { clock },
  );
  const holdThird = gate();
  const isThird = ({ stage, round }: { stage: string; round: number }) => stage === "train" && round === 3;
  scene.join(coordinator, "a", { onTask: (lease) => (isThird(lease) ? holdThird.passed : true) });
  const b = scene.join(coordinator, "b", { onTask: (lease) => !(lease.stage === "train" && lease.round === 2) });
  await b.when("task", ({ lease }) => lease.stage === "train" && lease.round === 2);
  const { version } = b.kept.devices.get(1) ?? {};
  b.close();
  await connected(coordinator, 1);
  clock.advance(graceMs);
  await coordinator.when("planned", ({ plan }) => plan.stage === "train" && plan.round === 3);
  const again = scene.join(coordinator, "b", { kept: b.kept });
  const { welcome } = await again.when("welcome");
  expect(welcome.devices).toEqual([
    { deviceId: 1, decision: "keep" },
    { deviceId: 3, decision: "keep" },
  ]);
  expect(again.kept.devices.get(1)?.version).toBe(version);
  holdThird.open();
  await coordinator.whenDone();
  const training = coordinator.steps().filter((step) => step.stage === "train");
  expect(training.map((step) => step.counted)).toEqual([
    [0, 1, 2, 3],
    [0, 2],
    [0, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3],
  ]);
});

test("when the last tab leaves, the run waits visibly with its state kept, and goes on when one comes back", async () => {
  const clock = manualClock();
  const coordinator = await scene.start(everyone, { expectedClients: 1, graceMs }, { clock });
  const a = scene.join(coordinator, "a", { onTask: (lease) => lease.round === 1 });
  await a.when("task", ({ lease }) => lease.round === 2);
  a.close();
  await connected(coordinator, 0);
  clock.advance(graceMs);
  await coordinator.when("waiting", ({ reason }) => reason === "no device is connected");
  expect(coordinator.status()).toMatchObject({ phase: "waiting", message: "no device is connected", numConnected: 0 });
  expect(coordinator.steps()).toHaveLength(1);
  scene.join(coordinator, "a", { kept: a.kept });
  expect((await coordinator.whenDone()).steps.map((step) => [step.round, step.attempt])).toEqual([
    [1, 1],
    [2, 2],
    [3, 1],
    [4, 1],
    [4, 1],
  ]);
});

test("a client that cannot compute is not waited for, and its devices move to another one", async () => {
  const coordinator = await scene.start(everyone, { expectedClients: 2 });
  const a = scene.join(coordinator, "a");
  const b = scene.join(coordinator, "b", { onTask: () => false });
  await b.when("task");
  expect(await b.call("decline", { taskId: null, reason: "the device was lost" })).toEqual({ ok: true, value: {} });
  await coordinator.whenDone();
  expect(a.kept.devices.size).toBe(4);
  expect(coordinator.steps().map((step) => step.counted.length)).toEqual([4, 4, 4, 4, 4]);
});

test("a paused client finishes its task and gets no more, its devices move; after the pause it takes part again", async () => {
  const coordinator = await scene.start(everyone, { expectedClients: 2 });
  const hold = gate();
  const holdSecond = gate();
  scene.join(coordinator, "a", { onTask: ({ round }) => (round === 2 ? holdSecond.passed : true) });
  const b = scene.join(coordinator, "b", { onTask: () => hold.passed });
  await b.when("task");
  await b.call("pause", { isPaused: true });
  expect(coordinator.status().numPaused).toBe(1);
  hold.open();
  const { contributions } = await coordinator.when("closed");
  expect(contributions).toHaveLength(4);
  await coordinator.when("planned", ({ plan }) => plan.round === 2 && plan.tasks.length === 4);
  expect(b.events.filter((event) => event.kind === "task")).toHaveLength(1);
  await b.call("pause", { isPaused: false });
  holdSecond.open();
  await coordinator.whenDone();
});
