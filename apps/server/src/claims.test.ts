import { expect, test, vi } from "vitest";
import { newClient } from "./testing/keptClient.ts";
import { createScene } from "./testing/scene.ts";
import { simulatedExamples } from "./testing/simulatedDevice.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const shareSizes = [0, 1, 2, 3].map(simulatedExamples);

test("a stranger's claim of one example for a dealt share is refused, and the share is its next host's (P-120)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { graceMs: 0, registerTimeoutMs: 50 }, { shareSizes });
  const stranger = scene.join(coordinator, "stranger", { claims: () => 1 });
  const { outcome } = await stranger.when("registered");
  expect(outcome).toMatchObject({ ok: false, rule: "P-120", message: expect.stringContaining("holds 5 examples, received 1") });
  expect(coordinator.status().numDevices).toBe(0);
  stranger.close();
  scene.join(coordinator, "honest");
  const { steps } = await coordinator.whenDone();
  expect(steps).toHaveLength(5);
});

test("a device that is refused leaves its client's others registered, and each is answered for itself (P-122)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 }, { shareSizes });
  const claims = (deviceId: number) => simulatedExamples(deviceId) + (deviceId === 2 ? 1000 : 0);
  const a = scene.join(coordinator, "a", { claims });
  const { outcome } = await a.when("registered");
  expect(outcome).toEqual({
    ok: true,
    value: {
      unregistered: [
        { deviceId: 2, rule: "P-120", message: "device 2: its share holds 8 examples, received 1008; load the run's data set again" },
      ],
    },
  });
  await vi.waitFor(() => expect(coordinator.status().numDevices).toBe(3), { interval: 2 });
  const twice = [1, 2].map((numExamples) => ({ deviceId: 3, numExamples }));
  const answer = await a.call("register", { devices: [...twice, { deviceId: 0, numExamples: 5 }, { deviceId: 9, numExamples: 5 }] });
  expect(answer).toMatchObject({
    ok: true,
    value: {
      unregistered: [
        { deviceId: 3, rule: "P-14", message: "device 3: numExamples is both 1 and 2" },
        { deviceId: 9, rule: "P-14", message: "device 9 is not assigned to this client" },
      ],
    },
  });
});

test("one example claimed by a stranger who left locks no device: its next host claims its own number, and the task for the old number ends (P-123)", async () => {
  const run = tinyFedAvg({ cohortSize: 4, quorum: 1 });
  const coordinator = await scene.start(run, { graceMs: 0 });
  const stranger = scene.join(coordinator, "stranger", { claims: () => 1, onTask: () => false });
  const { lease } = await stranger.when("task");
  expect(lease.expects.numExamples).toBe(1);
  stranger.close();
  const honest = scene.join(coordinator, "honest");
  const { outcome } = await honest.when("registered");
  expect(outcome).toEqual({ ok: true, value: {} });
  const { plan } = await coordinator.when("closed");
  const told = new Map(plan.tasks.map(({ deviceId, expects }) => [deviceId, expects.numExamples]));
  expect([0, 1, 2, 3].map((deviceId) => told.get(deviceId))).toEqual(shareSizes);
  await coordinator.whenDone();
});

test("what a client claimed of its device stays fixed for it over reconnections and restarts (P-14, P-123)", async () => {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1 });
  const a = scene.join(coordinator, "a", { onTask: () => false });
  await a.when("task");
  expect(await a.call("register", { devices: [{ deviceId: 1, numExamples: 999 }] })).toMatchObject({ ok: false, rule: "P-14" });
  a.close();
  const again = scene.join(coordinator, "a", { kept: a.kept, claims: () => 999, onTask: () => false });
  expect((await again.when("registered")).outcome).toMatchObject({ ok: false, rule: "P-14" });
});

test("a claim of a million examples counts up to the run's limit, in every weight and in the step that it takes (P-121)", async () => {
  const open = { roster: "open", numDevices: 2, maxDevices: 2, minDevices: 2, cohortSize: 2, quorum: 1, numRounds: 1 } as const;
  const outcomeOf = async (runId: string, limit: object, claims: readonly [number, number]) => {
    const coordinator = await scene.start(tinyRun({ ...open, ...limit }), { runId });
    const a = scene.join(coordinator, "a", { hosting: "own", claims: () => claims[0] });
    await a.when("registered");
    scene.join(coordinator, "b", { hosting: "own", claims: () => claims[1] });
    const outcome = await coordinator.whenDone();
    const { contributions } = await coordinator.when("closed", ({ plan }) => plan.stage === "train");
    a.close();
    return { outcome, weights: contributions.map(({ numExamples }) => numExamples), status: coordinator.status() };
  };
  const limited = await outcomeOf("limited", { maxCountedExamples: 20 }, [8, 1_000_000]);
  expect(limited.weights).toEqual([8, 20]);
  expect(limited.status.maxCountedExamples).toBe(20);
  const free = await outcomeOf("free", {}, [8, 1_000_000]);
  expect(free.weights).toEqual([8, 1_000_000]);
  expect(free.status.maxCountedExamples).toBeUndefined();
  expect(free.outcome.parametersSha256).not.toBe(limited.outcome.parametersSha256);
});

test("a client that holds a share is not rid of its known size by another hello that says it brings its own examples (P-120)", async () => {
  const run = tinyFedAvg({ roster: "open", minDevices: 2, cohortSize: 2 });
  const coordinator = await scene.start(run, { graceMs: 60_000 }, { shareSizes });
  const kept = newClient("a");
  const honest = scene.join(coordinator, "a", { kept });
  await honest.when("registered");
  honest.close();
  const again = scene.join(coordinator, "a", { kept, hosting: "own", claims: () => 1_000_000 });
  expect(await again.when("refused")).toMatchObject({ rule: "P-120", why: { kind: "holdsShare" } });
});
