import { mapParameterSets } from "@tutti/core";
import { decodeParams } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createLever, fakeTrainer, promptOf, workByRule } from "./testing/fakeTrainer.ts";
import { coordinate, ended, globalParams, initialParams, join, taskA } from "./testing/joining.ts";
import { emptyStatus, leaseOf, scriptedRunId, welcomeWith } from "./testing/scriptedCoordinator.ts";

test("a client says hello, registers its device and trains a lease from the decoded blobs", async () => {
  const coordinator = await coordinate();
  const { trainer, event } = join(coordinator);
  expect(await coordinator.heard("hello")).toMatchObject({ runId: scriptedRunId, hosting: "virtual", devices: [] });
  expect(await coordinator.heard("register")).toMatchObject({
    devices: [{ deviceId: 3, numExamples: 13 }],
    compute: { backend: "cpu", threads: 1 },
  });
  const sent = {
    global: globalParams,
    initial: initialParams,
    correction: { "prefix/0": promptOf(-3) },
    "yet-unnamed": { p: promptOf(9) },
  };
  const parameterSets = mapParameterSets(sent, (params) => coordinator.blob(params));
  const lease = leaseOf("a", coordinator.blob(globalParams), { parameterSets });
  await coordinator.tell("task", lease);
  const { header, tensors } = await coordinator.heard("submit");
  expect(header).toEqual({ kind: "train", numSteps: 3, firstLoss: 2.5, lastLoss: 1.5 });
  expect(decodeParams(tensors ?? new Uint8Array())).toEqual({ "prefix/0": promptOf(0.5) });
  expect(trainer.computed[0]?.task).toMatchObject({ parameterSets: sent, expects: lease.expects, stage: "train", round: 1 });
  expect(trainer.setups[0]).toMatchObject({
    manifestUrl: `${coordinator.url}/backbones/minuet/manifest.json`,
    datasetUrl: `${coordinator.url}/datasets/feedback/`,
  });
  expect(trainer.setups[0]?.kernels).toBeUndefined();
  expect(trainer.sources).toEqual([{ deviceId: 3, source: { kind: "share", index: 3 } }]);
  await event("taskEnded", ended("accepted"));
});

test("a client takes part behind a proxy's path, given the address of the page as people write it", async () => {
  const coordinator = await coordinate({ path: "/a/b/socket.io/" });
  const { trainer, event } = join({ ...coordinator, url: `${coordinator.url}/a/b?auto=1` });
  expect(await coordinator.heard("hello")).toMatchObject({ runId: scriptedRunId });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await coordinator.heard("submit");
  expect(trainer.computed[0]?.task.parameterSets.global).toEqual(globalParams);
  expect(trainer.setups[0]).toMatchObject({
    manifestUrl: `${coordinator.url}/a/b/backbones/minuet/manifest.json`,
    datasetUrl: `${coordinator.url}/a/b/datasets/feedback/`,
  });
  await event("taskEnded", ended("accepted"));
});

test("of a task's steps the coordinator hears of the first, of half and of the last, however fast they are", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const told: number[] = [];
  const stepping: typeof trainer = {
    ...trainer,
    async compute(task, state, onStep, signal) {
      for (const steps of [[1], [2, 3, 4], [5, 6, 7]]) {
        for (const step of steps) onStep?.({ step, numSteps: 7, loss: 2.5 });
        told.push((await coordinator.heard("progress")).step);
      }
      return trainer.compute(task, state, undefined, signal);
    },
  };
  const { event } = join(coordinator, { trainer: stepping });
  await coordinator.heard("register");
  const [global, initial] = [coordinator.blob(globalParams), coordinator.blob(initialParams)];
  await coordinator.tell("task", leaseOf("a", global, { parameterSets: { global, initial } }));
  await event("taskEnded", ended("accepted"));
  expect(told).toEqual([1, 4, 7]);
  expect(coordinator.numHeard("progress")).toBe(3);
});

test("a setup says who asked for the backend: the run, the page's address or the client itself", async () => {
  const askers: unknown[] = [];
  const byAddress = { backendAskedBy: "address" } as const;
  for (const [forced, options] of [
    [{ backend: "wasm" }, byAddress],
    [{}, byAddress],
    [{}, {}],
  ] as const) {
    const coordinator = await coordinate();
    coordinator.script.hello = () => ({ ...welcomeWith(), ...forced });
    const { trainer } = join(coordinator, options);
    await coordinator.heard("register");
    askers.push([trainer.setups[0]?.backend, trainer.setups[0]?.askedBy]);
  }
  expect(askers).toEqual([
    ["wasm", "run"],
    ["cpu", "address"],
    ["cpu", "client"],
  ]);
});

/** A client that crashed after it wrote its pending submission and before it knew the answer. */

test("a lost connection in the middle of a task loses nothing: the task goes on, the submission follows the next hello", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const lever = createLever();
  trainer.work = async (task, state) => {
    await lever.pulled;
    return workByRule(task, state);
  };
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const lease = leaseOf("a", coordinator.blob(globalParams));
  await coordinator.tell("task", lease);
  await event("step");
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  coordinator.disconnectClient();
  await event("connection", ({ state }) => state === "retrying");
  await coordinator.heard("register");
  await coordinator.tell("task", lease);
  lever.pull();
  await event("taskEnded", ended("accepted"));
  expect(trainer.computed).toHaveLength(1);
  expect(coordinator.numHeard("submit")).toBe(1);
  expect(trainer.setups).toHaveLength(1);
});

test("a client outlives a restart of the coordinator and registers again without loading anything again", async () => {
  const coordinator = await coordinate();
  const { trainer, event } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.stop();
  await event("connection", ({ state }) => state === "retrying");
  await coordinator.start();
  expect(await coordinator.heard("register")).toMatchObject({ devices: [{ deviceId: 3, numExamples: 13 }] });
  expect(trainer.setups).toHaveLength(1);
  expect(trainer.sources).toHaveLength(1);
});

test("plain kernels are asked of the trainer where the page asks for them", async () => {
  const coordinator = await coordinate();
  const { trainer } = join(coordinator, { kernels: "plain" });
  await coordinator.heard("register");
  expect(trainer.setups[0]).toMatchObject({ kernels: "plain" });
});

test("P-34: a paused client finishes what it has begun, and says so again after a reconnection", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const lever = createLever();
  trainer.work = async (task, state) => {
    await lever.pulled;
    return workByRule(task, state);
  };
  const { session, event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  session.pause();
  expect(await coordinator.heard("pause")).toEqual({ isPaused: true });
  await event("paused", ({ isPaused }) => isPaused);
  lever.pull();
  await event("taskEnded", ended("accepted"));
  coordinator.disconnectClient();
  expect(await coordinator.heard("pause")).toEqual({ isPaused: true });
  session.resume();
  expect(await coordinator.heard("pause")).toEqual({ isPaused: false });
});

test("leaving tells the coordinator, ends the session and keeps the devices' states", async () => {
  const coordinator = await coordinate();
  const { session, store, trainer, event } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
  await session.leave();
  expect(await coordinator.heard("leave")).toEqual({});
  expect(await session.whenEnded).toEqual({ reason: "left" });
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA });
  expect(trainer.numStops).toBe(1);
});

test("P-81: a replaced client stops and submits nothing more", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const lever = createLever();
  trainer.work = async (task, state) => {
    await lever.pulled;
    return workByRule(task, state);
  };
  const { session, event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("step");
  await coordinator.tell("replaced", {}).catch(() => undefined);
  expect(await session.whenEnded).toEqual({ reason: "replaced" });
  lever.pull();
  await event("taskEnded", ended("superseded"));
  expect(coordinator.numHeard("submit")).toBe(0);
});

test("P-1: a coordinator with another protocol version ends the session with the request to reload", async () => {
  const coordinator = await coordinate();
  coordinator.script.hello = () => ({ refused: "P-1", message: "protocolVersion differs, expected 4: reload the page" });
  const { session } = join(coordinator);
  expect(await session.whenEnded).toMatchObject({ reason: "reload" });
});

test("P-33: a client that fails the admission test declines all tasks and says why", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  trainer.isAdmitted = false;
  const { session } = join(coordinator, { trainer });
  expect(await coordinator.heard("decline")).toMatchObject({ taskId: null });
  const end = await session.whenEnded;
  expect(end).toMatchObject({ reason: "failed", message: expect.stringContaining("loss 3 instead of 2") });
});

test("P-33: a task that throws is declined with its reason, and the next one is performed", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  trainer.work = async () => {
    throw new Error("out of memory");
  };
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const params = coordinator.blob(globalParams);
  await coordinator.tell("task", leaseOf("a", params));
  expect(await coordinator.heard("decline")).toEqual({ taskId: taskA, reason: "out of memory" });
  trainer.work = workByRule;
  await coordinator.tell("task", leaseOf("b", params, { round: 2 }));
  await event("taskEnded", ended("accepted"));
});

test("P-60: a part of the residual that a later lease names again is not fetched again, and one that missed rounds fetches all that it lacks", async () => {
  const coordinator = await coordinate();
  const asked: string[] = [];
  const { event } = join(coordinator, {
    fetch: (url, init) => {
      asked.push(url.slice(url.lastIndexOf("/") + 1));
      return fetch(url, init);
    },
  });
  await coordinator.heard("register");
  const part = (value: number) => coordinator.blob({ "residual/0/query/dense": promptOf(value) });
  const [w, first, second, third] = [coordinator.blob(globalParams), part(1), part(2), part(3)] as const;
  const later = { "residual/0": first, "residual/1": second, "residual/2": third }; // the round of the second part was another device's
  for (const [name, sets] of Object.entries({ a: { "residual/0": first }, b: later })) {
    await coordinator.tell("task", leaseOf(name, w, { parameterSets: { global: w, ...sets } }));
    await event("taskEnded", ({ task }) => task.taskId.endsWith(name));
  }
  const countOf = ({ sha256 }: typeof w) => asked.filter((one) => one === sha256).length;
  expect([w, first, second, third].map(countOf)).toEqual([1, 1, 1, 1]);
  expect(asked.slice(-2).sort()).toEqual([second.sha256, third.sha256].sort());
});

test("P-61: a blob whose bytes do not fit its hash is fetched twice and then declined", async () => {
  const coordinator = await coordinate();
  const { trainer } = join(coordinator);
  await coordinator.heard("register");
  const params = coordinator.blob(globalParams);
  coordinator.blobs.set(params.sha256, new Uint8Array(params.numBytes));
  await coordinator.tell("task", leaseOf("a", params));
  expect((await coordinator.heard("decline")).reason).toContain("but their hash is");
  expect(trainer.computed).toEqual([]);
});

test("P-62: a lease whose blob is gone is dropped without a word", async () => {
  const coordinator = await coordinate();
  const { event } = join(coordinator);
  await coordinator.heard("register");
  const params = coordinator.blob(globalParams);
  coordinator.blobs.clear();
  await coordinator.tell("task", leaseOf("a", params));
  await event("taskEnded", ended("superseded"));
  expect(coordinator.numHeard("decline")).toBe(0);
});

test("a status of a later round aborts the task that is under way", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  trainer.work = (_, __, signal) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError"))));
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams), { round: 4 }));
  await event("step");
  await coordinator.tell("status", { ...emptyStatus, stage: "train", round: 4, step: 1, attempt: 1 });
  await coordinator.tell("status", { ...emptyStatus, stage: "train", round: 5, step: 1, attempt: 1 });
  await event("taskEnded", ended("superseded"));
  expect(coordinator.numHeard("decline")).toBe(0);
});

test("two leases are performed one after the other", async () => {
  const coordinator = await coordinate();
  coordinator.script.hello = () =>
    welcomeWith({
      devices: [
        { deviceId: 3, decision: "new" },
        { deviceId: 4, decision: "new" },
      ],
    });
  const trainer = fakeTrainer();
  let numRunning = 0;
  let mostRunning = 0;
  trainer.work = async (task, state) => {
    mostRunning = Math.max(mostRunning, ++numRunning);
    await Promise.resolve();
    numRunning--;
    return workByRule(task, state);
  };
  const { event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const params = coordinator.blob(globalParams);
  await Promise.all([coordinator.tell("task", leaseOf("a", params)), coordinator.tell("task", leaseOf("b", params, { deviceId: 4 }))]);
  await event("taskEnded", ({ task }) => task.deviceId === 3);
  await event("taskEnded", ({ task }) => task.deviceId === 4);
  expect(mostRunning).toBe(1);
  await expect(coordinator.tell("task", leaseOf("c", params, { deviceId: 6 }))).rejects.toThrow("P-31");
});

test("P-80: the end of the run ends the session; another run starts afresh", async () => {
  const coordinator = await coordinate();
  const { session, trainer } = join(coordinator);
  await coordinator.heard("register");
  coordinator.script.hello = () => welcomeWith({ runId: "next-run" });
  await coordinator.tell("goodbye", { reason: "newRun" });
  await coordinator.heard("register");
  expect(trainer.setups).toHaveLength(2);
  await coordinator.tell("goodbye", { reason: "finished" }).catch(() => undefined);
  expect(await session.whenEnded).toEqual({ reason: "finished" });
});

test("where websockets are blocked the session goes over polling", async () => {
  const coordinator = await coordinate({ transports: ["polling"] });
  const { event } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
});

test("own examples never travel: the coordinator hears their number only", async () => {
  const coordinator = await coordinate();
  const examples = [
    { text: "a secret remark", label: 1 },
    { text: "another", label: 0 },
  ];
  const { trainer } = join(coordinator, { hosting: { kind: "own", examples } });
  const hello = await coordinator.heard("hello");
  expect(hello).toMatchObject({ hosting: "own", ownExamples: 2 });
  await coordinator.heard("register");
  expect(JSON.stringify(hello)).not.toContain("secret");
  expect(trainer.sources).toEqual([{ deviceId: 3, source: { kind: "own", examples } }]);
});

test("the traffic count says what a submission took and what all layers would have taken, in the same encoding and in f32", async () => {
  const coordinator = await coordinate();
  const { event, events } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  const { tensors } = await coordinator.heard("submit");
  await event("taskEnded", ended("accepted"));
  const last = events.findLast((each) => each.kind === "traffic")?.traffic;
  // one tensor of 6 floats travels in f16 and one stays: 12 of 24 bytes, of 48 in f32, beside names and shapes
  expect(last?.layerBytes).toBe(tensors?.length);
  expect(last?.allLayersBytes).toBeGreaterThan(last?.layerBytes ?? 0);
  expect((last?.allLayersF32Bytes ?? 0) - (last?.allLayersBytes ?? 0)).toBe(2 * 12);
  expect(last?.sentBytes).toBeGreaterThan(tensors?.length ?? 0);
});

test("a counting round sends all layers: beside the same encoding nothing is saved", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const large = { shape: [2, 50, 3], data: new Float32Array(300).fill(0.25) };
  trainer.work = async () => ({
    body: { kind: "train", delta: { "prefix/0": large, "prefix/1": large }, numSteps: 3, firstLoss: 2.5, lastLoss: 1.5 },
    state: null,
  });
  const { event, events } = join(coordinator, { trainer });
  await coordinator.heard("register");
  const spec = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false } as const;
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams), { stage: "count", spec }));
  const { tensors } = await coordinator.heard("submit");
  await event("taskEnded", ended("accepted"));
  const last = events.findLast((each) => each.kind === "traffic")?.traffic;
  expect(tensors?.length).toBeGreaterThan(2 * 600);
  expect(last?.allLayersBytes).toBe(last?.layerBytes);
  expect((last?.allLayersF32Bytes ?? 0) - (last?.layerBytes ?? 0)).toBe(2 * 600);
});
