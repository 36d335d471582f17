import { refuse } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createLever, fakeTrainer } from "./testing/fakeTrainer.ts";
import { coordinate, ended, globalParams, initialParams, join, taskA } from "./testing/joining.ts";
import { leaseOf, type ScriptedCoordinator, scriptedRunId, welcomeWith } from "./testing/scriptedCoordinator.ts";

/** Devices that the client registers, until `numDevices` are among them. */
async function registered(coordinator: ScriptedCoordinator, numDevices: number): Promise<number[]> {
  const ids = new Set<number>();
  while (ids.size < numDevices) for (const { deviceId } of (await coordinator.heard("register")).devices) ids.add(deviceId);
  return [...ids].sort((a, b) => a - b);
}

const moments = {
  "just before": (act: () => void) => act(),
  "right behind": (act: () => void) => void setImmediate(act),
};

test.each(["just before", "right behind"] as const)("P-26: an assignment that arrives %s the welcome is taken over", async (moment) => {
  const coordinator = await coordinate();
  coordinator.script.hello = () => {
    moments[moment](() => void coordinator.tell("assign", { devices: [{ deviceId: 5, decision: "new" }] }));
    return welcomeWith();
  };
  const { trainer } = join(coordinator);
  expect(await registered(coordinator, 2)).toEqual([3, 5]);
  expect(trainer.sources.map(({ deviceId }) => deviceId).sort()).toEqual([3, 5]);
});

test("P-26: an assignment that arrives with the welcome after a reconnection is not forgotten again", async () => {
  const coordinator = await coordinate();
  const { store } = join(coordinator);
  await coordinator.heard("register");
  coordinator.script.hello = () => {
    void coordinator.tell("assign", { devices: [{ deviceId: 5, decision: "new" }] });
    return welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  };
  coordinator.disconnectClient();
  expect(await registered(coordinator, 2)).toEqual([3, 5]);
  expect((await store.list(scriptedRunId)).map(({ deviceId }) => deviceId)).toContain(5);
});

test("a blob that cannot be fetched for a moment is fetched again, and its task is not declined", async () => {
  const coordinator = await coordinate();
  let numFailures = 3;
  const { event, events } = join(coordinator, {
    async fetch(url, init) {
      if (!url.includes("/blobs/") || numFailures === 0) return fetch(url, init);
      numFailures -= 1;
      if (numFailures === 1) return new Response("bad gateway", { status: 502 });
      throw new TypeError("fetch failed");
    },
  });
  await coordinator.heard("register");
  const [global, initial] = [coordinator.blob(globalParams), coordinator.blob(initialParams)];
  await coordinator.tell("task", leaseOf("a", global, { parameterSets: { global, initial } }));
  expect((await coordinator.heard("submit")).taskId).toBe(taskA);
  await event("taskEnded", ended("accepted"));
  expect(events.filter(({ kind }) => kind === "problem")).toEqual([]);
  expect(coordinator.numHeard("decline")).toBe(0);
});

test("a tab whose loading fails because the coordinator is gone loads again when it is back", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const { start } = trainer;
  let numStarts = 0;
  trainer.start = async (...args) => {
    numStarts += 1;
    if (numStarts > 1) return start(...args);
    await coordinator.stop();
    throw new TypeError("fetch failed");
  };
  const { events } = join(coordinator, { trainer });
  await coordinator.heard("hello");
  await expect.poll(() => numStarts).toBe(1);
  await coordinator.start();
  expect(await registered(coordinator, 1)).toEqual([3]);
  expect(numStarts).toBe(2);
  expect(events.filter(({ kind }) => kind === "ended")).toEqual([]);
});

test("a tab whose loading fails while the coordinator is there says so and ends", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  trainer.start = async () => {
    throw new Error("no adapter");
  };
  const { session } = join(coordinator, { trainer });
  expect(await coordinator.heard("decline")).toEqual({ taskId: null, reason: "no adapter" });
  expect(await session.whenEnded).toEqual({
    reason: "failed",
    message: "Something went wrong here: no adapter",
    why: { kind: "broken", detail: "no adapter" },
  });
});

test("a device that is assigned while the tab loads is registered once its own examples are there", async () => {
  const coordinator = await coordinate();
  const trainer = fakeTrainer();
  const { addDevice } = trainer;
  const lever = createLever();
  trainer.addDevice = async (deviceId, source) => {
    if (deviceId === 3) await lever.pulled;
    return addDevice(deviceId, source);
  };
  const { event } = join(coordinator, { trainer });
  await event("welcome");
  await coordinator.tell("assign", { devices: [{ deviceId: 5, decision: "new" }] });
  await event("decision", ({ deviceId }) => deviceId === 5);
  lever.pull();
  expect(await registered(coordinator, 1)).toEqual([3]);
  expect((await coordinator.heard("register")).devices).toEqual([{ deviceId: 5, numExamples: 15 }]);
});

test("P-10: a registration that comes before the hello of a new connection was answered is made again after it", async () => {
  const coordinator = await coordinate();
  coordinator.script.register = () => refuse("P-10", "hello comes first");
  const { events } = join(coordinator);
  await coordinator.heard("register");
  coordinator.script.register = () => ({});
  expect(await registered(coordinator, 1)).toEqual([3]);
  expect(events.filter(({ kind }) => kind === "ended")).toEqual([]);
});
