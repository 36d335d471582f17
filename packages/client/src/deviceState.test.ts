import { sha256HexSync } from "@tutti/core";
import { encodeDeviceState, type Submit } from "@tutti/protocol";
import { expect, test } from "vitest";
import type { DeviceStore } from "./deviceStore.ts";
import { memoryStore } from "./memoryStore.ts";
import { createLever, fakeTrainer, promptOf } from "./testing/fakeTrainer.ts";
import { coordinate, ended, globalParams, initialParams, join, taskA, taskB } from "./testing/joining.ts";
import { leaseOf, type ScriptedCoordinator, scriptedRunId, welcomeWith } from "./testing/scriptedCoordinator.ts";

test("P-40: the new state and the submission are in the store before the coordinator hears of them, and become the state when accepted", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  let seen: Awaited<ReturnType<DeviceStore["get"]>> = null;
  coordinator.script.submit = async () => {
    seen = await store.get(scriptedRunId, 3);
    return { outcome: "accepted" };
  };
  const { event } = join(coordinator, { store });
  await coordinator.heard("register");
  const [global, initial] = [coordinator.blob(globalParams), coordinator.blob(initialParams)];
  await coordinator.tell("task", leaseOf("a", global, { parameterSets: { global, initial } }));
  const submitted = await coordinator.heard("submit");
  await event("taskEnded", ended("accepted"));
  expect(seen).toMatchObject({ version: null, state: null, pending: { submit: { taskId: taskA, header: submitted.header } } });
  const local = { "prefix/1": { shape: [2, 1, 3], data: promptOf(20).data.map((value) => value + 1) } };
  expect(await store.get(scriptedRunId, 3)).toEqual({
    deviceId: 3,
    version: taskA,
    state: { local, moments: null, stageSteps: 3 },
    pending: null,
  });
});

test("only a pending contribution waits for the disk: what the coordinator knows it tells again after the power failed", async () => {
  const coordinator = await coordinate();
  const kept = memoryStore();
  const writes: unknown[] = [];
  const store: DeviceStore = {
    ...kept,
    put(runId, record, durability = "strict") {
      writes.push([record.version, record.pending?.submit.taskId ?? null, durability]);
      return kept.put(runId, record);
    },
  };
  const { event } = join(coordinator, { store });
  await coordinator.heard("register");
  const [global, initial] = [coordinator.blob(globalParams), coordinator.blob(initialParams)];
  await coordinator.tell("task", leaseOf("a", global, { parameterSets: { global, initial } }));
  await event("taskEnded", ended("accepted"));
  expect(writes).toEqual([
    [null, null, "relaxed"], // the welcome's decision
    [null, taskA, "strict"],
    [taskA, null, "relaxed"],
  ]);
});

async function crashedWithPending(coordinator: ScriptedCoordinator, store: DeviceStore): Promise<Submit> {
  const never = createLever();
  coordinator.script.submit = async () => {
    await never.pulled;
    return { outcome: "accepted" };
  };
  const first = join(coordinator, { store });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  const submitted = await coordinator.heard("submit");
  first.crash();
  await coordinator.heard("hello");
  coordinator.script.submit = () => ({ outcome: "accepted" });
  return submitted;
}

test("P-20: a crash between pending and answer: the same bytes are sent again after the next hello, nothing is trained again", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  const submitted = await crashedWithPending(coordinator, store);
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  const second = join(coordinator, { store });
  expect((await coordinator.heard("hello")).devices).toEqual([{ deviceId: 3, version: null, pending: taskA }]);
  expect(await coordinator.heard("submit")).toEqual(submitted);
  await coordinator.heard("register");
  // The lease comes again, now settled or still pending: either way no second training of the same task's contribution is stored.
  expect(second.trainer.computed).toEqual([]);
  await expect.poll(() => store.get(scriptedRunId, 3)).toMatchObject({ version: taskA, pending: null });
});

test("P-31: a lease for a task that is already pending sends the same bytes again instead of training", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  const submitted = await crashedWithPending(coordinator, store);
  const answer = createLever();
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  coordinator.script.submit = async () => {
    await answer.pulled;
    return { outcome: "duplicate" };
  };
  const second = join(coordinator, { store });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  expect(await coordinator.heard("submit")).toEqual(submitted);
  expect(await coordinator.heard("submit")).toEqual(submitted);
  answer.pull();
  await second.event("taskEnded", ended("duplicate"));
  expect(second.trainer.computed).toEqual([]);
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA, pending: null, state: { stageSteps: 3 } });
});

test("P-21: a hello that answers promote makes the pending state the state", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  await crashedWithPending(coordinator, store);
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "promote" }] });
  const { event } = join(coordinator, { store });
  await event("ready");
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA, pending: null, state: { stageSteps: 3 } });
  expect(coordinator.numHeard("submit")).toBe(1);
});

test("P-22: a hello that answers drop forgets the pending state", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  await crashedWithPending(coordinator, store);
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "drop" }] });
  const { event } = join(coordinator, { store });
  await event("ready");
  expect(await store.get(scriptedRunId, 3)).toEqual({ deviceId: 3, version: null, state: null, pending: null });
});

test("P-23: a reset forgets both states", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  await store.put(scriptedRunId, {
    deviceId: 3,
    version: taskB,
    state: { local: initialParams, moments: null, stageSteps: 9 },
    pending: null,
  });
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "reset" }] });
  const { event } = join(coordinator, { store });
  await event("decision", ({ decision }) => decision === "reset");
  await event("ready");
  expect(await store.get(scriptedRunId, 3)).toEqual({ deviceId: 3, version: null, state: null, pending: null });
});

test("P-24 and P-25: a device that moves here starts from the state it brings, and one that moved away is forgotten", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  const state = {
    local: { "prefix/1": promptOf(40) },
    moments: { m: { "prefix/0": promptOf(1) }, v: { "prefix/0": promptOf(2) }, step: 5 },
    stageSteps: 6,
  };
  const bytes = encodeDeviceState(state);
  coordinator.blobs.set(sha256HexSync(bytes), bytes);
  await store.put(scriptedRunId, { deviceId: 8, version: taskA, state: null, pending: null });
  coordinator.script.hello = () =>
    welcomeWith({
      keepsStates: true,
      devices: [{ deviceId: 3, decision: "new", state: { sha256: sha256HexSync(bytes), numBytes: bytes.length }, version: taskB }],
    });
  const { event, trainer } = join(coordinator, { store });
  await event("ready");
  expect(await store.list(scriptedRunId)).toEqual([{ deviceId: 3, version: taskB, state, pending: null, isInherited: true }]);
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  const submitted = await coordinator.heard("submit");
  expect(trainer.computed[0]?.state).toEqual(state);
  expect(submitted.state?.length).toBeGreaterThan(0);
});

/** A coordinator that hands device 3 over with these bytes as its state. */
async function handingOver(bytes: Uint8Array): Promise<ScriptedCoordinator> {
  const coordinator = await coordinate();
  const sha256 = sha256HexSync(bytes);
  coordinator.blobs.set(sha256, bytes);
  const device = { deviceId: 3, decision: "new", state: { sha256, numBytes: bytes.length }, version: taskB } as const;
  coordinator.script.hello = () => welcomeWith({ keepsStates: true, devices: [device] });
  return coordinator;
}

const fresh = { deviceId: 3, version: null, state: null, pending: null };

test("P-125: a state that cannot be read is declined, and its device starts again and is registered", async () => {
  const coordinator = await handingOver(Uint8Array.of(1, 2, 3));
  const { event, store } = join(coordinator);
  expect(await coordinator.heard("declineState")).toMatchObject({ deviceId: 3, version: taskB, reason: expect.stringMatching(/./) });
  expect(await event("decision")).toMatchObject({ deviceId: 3, decision: "reset" });
  expect((await coordinator.heard("register")).devices).toEqual([{ deviceId: 3, numExamples: 13 }]);
  expect(await store.get(scriptedRunId, 3)).toEqual(fresh);
});

test("P-125: a state from another client that leads to no finite loss is declined with the task, and one from here is kept", async () => {
  const coordinator = await handingOver(
    encodeDeviceState({ local: { "prefix/1": promptOf(9) }, moments: null, stageSteps: 6, stage: "train" }),
  );
  const { event, store, trainer } = join(coordinator);
  await coordinator.heard("register");
  const work = trainer.work;
  const failing: typeof work = () =>
    Promise.reject(new Error("local training: loss or gradient of each of 2 batches is not finite; the learning rate may be too high"));
  trainer.work = failing;
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  expect(await coordinator.heard("declineState")).toMatchObject({ deviceId: 3, version: taskB });
  expect(await coordinator.heard("decline")).toMatchObject({ taskId: taskA });
  expect(await store.get(scriptedRunId, 3)).toEqual(fresh);
  trainer.work = work;
  await coordinator.tell("task", leaseOf("b", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
  trainer.work = failing;
  await coordinator.tell("task", leaseOf("c", coordinator.blob(globalParams)));
  await coordinator.heard("decline");
  expect(coordinator.numHeard("declineState")).toBe(1);
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskB, state: { stageSteps: 3 } });
});

test("P-122: a device that is refused twice is named once, and its client goes on with the others", async () => {
  const coordinator = await coordinate();
  const message = "device 4: its share holds 9 examples, received 14";
  coordinator.script.hello = () => welcomeWith({ devices: [3, 4].map((deviceId) => ({ deviceId, decision: "new" as const })) });
  coordinator.script.register = () => ({ unregistered: [{ deviceId: 4, rule: "P-120", message }] });
  const { event, trainer } = join(coordinator);
  expect(await event("problem")).toMatchObject({ message: `The coordinator refused a device (P-120: ${message}).` });
  expect(coordinator.numHeard("register")).toBe(2);
  await event("ready", ({ deviceIds }) => deviceIds.length === 1);
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
  expect(trainer.computed.map(({ task }) => task.deviceId)).toEqual([3]);
});

test("P-26: assigned devices are loaded and registered; one that is already here keeps its state", async () => {
  const coordinator = await coordinate();
  const { store, trainer } = join(coordinator);
  await coordinator.heard("register");
  await store.put(scriptedRunId, { deviceId: 3, version: taskB, state: null, pending: null });
  await coordinator.tell("assign", {
    devices: [
      { deviceId: 3, decision: "new" },
      { deviceId: 5, decision: "new" },
    ],
  });
  expect((await coordinator.heard("register")).devices).toEqual([
    { deviceId: 3, numExamples: 13 },
    { deviceId: 5, numExamples: 15 },
  ]);
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskB });
  expect(trainer.sources.map(({ deviceId }) => deviceId)).toEqual([3, 5]);
});

test("P-15: a device of an open roster trains on the share that its decision names, others on the share of their number", async () => {
  const coordinator = await coordinate();
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 23, decision: "new", share: 7 }] });
  const { trainer } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.tell("assign", {
    devices: [
      { deviceId: 24, decision: "new", share: 0 },
      { deviceId: 5, decision: "new" },
    ],
  });
  expect((await coordinator.heard("register")).devices).toHaveLength(2);
  expect(trainer.sources).toEqual([
    { deviceId: 23, source: { kind: "share", index: 7 } },
    { deviceId: 24, source: { kind: "share", index: 0 } },
    { deviceId: 5, source: { kind: "share", index: 5 } },
  ]);
});

test("P-16, P-17: loading gives a sign of life, and a client whose devices moved meanwhile says that it is ready with none", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const lever = createLever();
  const { start } = trainer;
  trainer.start = async (...given) => {
    await lever.pulled;
    return start(...given);
  };
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("hello");
  expect(coordinator.numHeard("loading")).toBe(0);
  await event("welcome");
  await coordinator.tell("moved", { deviceIds: [3] });
  lever.pull();
  expect(await coordinator.heard("loading")).toEqual({});
  expect(await coordinator.heard("register")).toMatchObject({ devices: [], compute: { backend: "cpu" } });
  await event("ready", ({ deviceIds }) => deviceIds.length === 0);
  await coordinator.tell("assign", { devices: [{ deviceId: 4, decision: "new" }] });
  expect(await coordinator.heard("register")).toMatchObject({ devices: [{ deviceId: 4, numExamples: 14 }] });
  expect(coordinator.numHeard("loading")).toBe(1); // at most one every few seconds
});

test("P-27: a device that moved is forgotten, and one that comes back starts from the state it comes with", async () => {
  const coordinator = await coordinate();
  const { store, event } = join(coordinator);
  await coordinator.heard("register");
  await store.put(scriptedRunId, { deviceId: 3, version: taskA, state: null, pending: null });
  await coordinator.tell("moved", { deviceIds: [3] });
  expect(await event("ready", ({ deviceIds }) => deviceIds.length === 0)).toMatchObject({ numExamples: 0 });
  expect(await store.list(scriptedRunId)).toEqual([]);
  await coordinator.tell("assign", { devices: [{ deviceId: 3, decision: "new" }] });
  await event("ready", ({ deviceIds }) => deviceIds.length === 1);
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: null, state: null });
});

test("P-26: where the state that a device comes with is gone by now, the client says hello again and takes what holds then", async () => {
  const coordinator = await coordinate();
  const { events } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.heard("hello");
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  const gone = { sha256: "0".repeat(64), numBytes: 9 };
  await coordinator.tell("assign", { devices: [{ deviceId: 5, decision: "new", state: gone, version: taskB }] });
  expect((await coordinator.heard("hello")).devices.map(({ deviceId }) => deviceId)).not.toContain(5);
  expect((await coordinator.heard("register")).devices).toEqual([{ deviceId: 3, numExamples: 13 }]);
  expect(events.filter(({ kind }) => kind === "ended")).toEqual([]);
});

test("P-28: a device that comes after the others is registered alone, whatever moves away meanwhile", async () => {
  const coordinator = await coordinate();
  join(coordinator);
  expect((await coordinator.heard("register")).devices).toEqual([{ deviceId: 3, numExamples: 13 }]);
  await coordinator.tell("assign", { devices: [{ deviceId: 5, decision: "new" }] });
  expect((await coordinator.heard("register")).devices).toEqual([{ deviceId: 5, numExamples: 15 }]);
});

test("P-41 and P-42: duplicate promotes, late drops and keeps the accepted state", async () => {
  const coordinator = await coordinate();
  const { store, event } = join(coordinator);
  await coordinator.heard("register");
  const params = coordinator.blob(globalParams);
  coordinator.script.submit = () => ({ outcome: "duplicate" });
  await coordinator.tell("task", leaseOf("a", params));
  await event("taskEnded", ended("duplicate"));
  coordinator.script.submit = () => ({ outcome: "late" });
  await coordinator.tell("task", leaseOf("b", params, { round: 2 }));
  await event("taskEnded", ended("late"));
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA, pending: null, state: { stageSteps: 3 } });
});

test("P-40: a submission that is refused is dropped, its owner is told why and the coordinator need not wait for it", async () => {
  const coordinator = await coordinate();
  const { store, event } = join(coordinator);
  await coordinator.heard("register");
  coordinator.script.submit = () => ({ refused: "P-53", message: "tensor prefix/0: too large" });
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("refused"));
  expect((await event("problem")).message).toContain("P-53: tensor prefix/0: too large");
  expect(await coordinator.heard("decline")).toMatchObject({ taskId: taskA, reason: expect.stringContaining("P-53") });
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: null, pending: null });
});

test("P-40: after a fault of the coordinator the submission stays pending and is sent again after another hello", async () => {
  const coordinator = await coordinate();
  const { store, event } = join(coordinator);
  await coordinator.heard("register");
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  coordinator.script.submit = () => ({ refused: "P-5", message: "internal" });
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  const first = await coordinator.heard("submit");
  coordinator.script.submit = () => ({ outcome: "accepted" });
  await event("taskEnded", ended("accepted"));
  expect(await coordinator.heard("submit")).toEqual(first);
  expect(coordinator.numHeard("hello")).toBe(2);
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA, pending: null });
});

test("P-14: a device that moved to a newcomer while this client was loading is given up after another hello", async () => {
  const coordinator = await coordinate();
  coordinator.script.hello = () =>
    welcomeWith({
      devices: [
        { deviceId: 3, decision: "new" },
        { deviceId: 4, decision: "new" },
      ],
    });
  coordinator.script.register = () => {
    coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 4, decision: "keep" }] });
    coordinator.script.register = () => ({});
    return { refused: "P-14", message: "device 3 is not assigned to this client" };
  };
  const { store } = join(coordinator);
  expect((await coordinator.heard("register")).devices).toHaveLength(2);
  expect((await coordinator.heard("register")).devices).toEqual([{ deviceId: 4, numExamples: 14 }]);
  expect((await store.list(scriptedRunId)).map(({ deviceId }) => deviceId)).toEqual([4]);
});
