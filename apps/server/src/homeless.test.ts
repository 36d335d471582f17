import { type Deferred, deferred } from "@tutti/core";
import { expect, test, vi } from "vitest";
import type { Coordinator } from "./coordinator.ts";
import { type KeyValueStore, memoryStore } from "./journal/keyValueStore.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

test("devices that nobody could take when their client left go to the one that resumes", async () => {
  const coordinator = await scene.start(tinyFedAvg());
  const resumed = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: () => resumed.promise });
  await a.when("task");
  await a.call("pause", { isPaused: true });
  const b = scene.join(coordinator, "b", { onTask: () => false });
  await b.when("task");
  const deviceIds = coordinator.clients()[1]?.deviceIds ?? [];
  expect(deviceIds.length).toBeGreaterThan(1);
  await b.call("leave", {});
  b.close();
  expect(homelessOf(coordinator)).toEqual(deviceIds);
  await a.call("pause", { isPaused: false });
  await a.when("assign", ({ devices }) => devices.length === deviceIds.length);
  expect(homelessOf(coordinator)).toEqual([]);
  resumed.resolve(true);
  await coordinator.whenDone();
});

function homelessOf(coordinator: Coordinator): number[] {
  const hosted = coordinator.clients().flatMap(({ deviceIds }) => deviceIds);
  return [0, 1, 2, 3].filter((deviceId) => !hosted.includes(deviceId));
}

/** A store that is safe when a test says so. */
function heldStore(): KeyValueStore & { readonly held: Deferred<void>[]; isHolding: boolean } {
  const held: Deferred<void>[] = [];
  const store = {
    ...memoryStore(),
    held,
    isHolding: false,
    flushed() {
      if (!store.isHolding) return Promise.resolve();
      const safe = deferred<void>();
      held.push(safe);
      return safe.promise;
    },
  };
  return store;
}

test("a client is assigned nothing before its hello is answered, and then what was given up meanwhile", async () => {
  const store = heldStore();
  const coordinator = await scene.start(tinyFedAvg(), {}, { store });
  const other = scene.join(coordinator, "other", { onTask: () => false });
  await other.when("task");
  store.isHolding = true;
  const first = scene.join(coordinator, "a");
  await vi.waitFor(() => expect(store.held).toHaveLength(1), { interval: 2 });
  const second = scene.join(coordinator, "a"); // takes over while the first one's hello is being written
  await vi.waitFor(() => expect(store.held).toHaveLength(2), { interval: 2 });
  store.held[0]?.resolve();
  await first.when("disconnected");
  await other.call("leave", {});
  other.close();
  await second.call("loading", {}); // its answer comes behind whatever was sent before
  expect(second.events.map(({ kind }) => kind)).not.toContain("assign");
  store.isHolding = false;
  for (const safe of store.held) safe.resolve();
  await second.when("assign");
  await coordinator.whenDone();
});
