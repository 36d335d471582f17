import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { type KeyValueStore, memoryStore } from "./journal/keyValueStore.ts";
import { openLogStore, readLogStore } from "./journal/logStore.ts";
import { limitedDisk } from "./testing/limitedDisk.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
afterEach(() => vi.useRealTimers());

test("when the journal cannot be written nothing is acknowledged any more, and the run fails in words (P-44)", async () => {
  const store = memoryStore();
  let isFull = false;
  const full: KeyValueStore = {
    ...store,
    flushed: () => (isFull ? Promise.reject(new Error("no space left on the device")) : store.flushed()),
  };
  const coordinator = await scene.start(tinyFedAvg({ cohortSize: 4, quorum: 1 }), { expectedClients: 1 }, { store: full });
  const done = coordinator.whenDone();
  const a = scene.join(coordinator, "a", {
    onTask: ({ round }) => {
      isFull = round === 2;
      return true;
    },
  });
  await expect(done).rejects.toThrow("no space left on the device");
  expect(coordinator.status()).toMatchObject({ phase: "failed", message: "no space left on the device" });
  const refused = await a.when("submitted", ({ outcome }) => !outcome.ok);
  expect(refused.outcome).toMatchObject({ rule: "P-5" });
  expect((await fetch(`${coordinator.url}/healthz`)).status).toBe(200);
  await coordinator.close();
  expect((await a.when("goodbye")).goodbye.reason).toBe("closing");
});

test("on a full disk nothing is acknowledged, the page says why, and the run ends with the same bits once there is space (P-152)", async () => {
  const run = tinyFedAvg({ cohortSize: 4, quorum: 1 });
  const calm = await scene.start(run, { expectedClients: 1, runId: "calm" });
  scene.join(calm, "a");
  const disk = limitedDisk();
  const journal = join(scene.folder(), "full");
  const store = await openLogStore(journal, { key: null, keepsPrevious: true, disk, retryMs: 10 });
  const coordinator = await scene.start(run, { expectedClients: 1 }, { store });
  const a = scene.join(coordinator, "a", {
    onTask: ({ round }) => {
      if (round === 2) disk.isFull = true;
      return true;
    },
  });
  const message = () => coordinator.status().message;
  await expect.poll(message).toContain("is full: nothing is accepted until there is space, and nothing that was accepted is lost");
  expect(coordinator.status().phase).toBe("running");
  const acknowledged = () => a.events.filter((event) => event.kind === "submitted" && event.lease.round === 2);
  expect([acknowledged(), (await readLogStore(journal, null))?.get("plan") === undefined]).toEqual([[], false]);
  disk.isFull = false;
  const done = await coordinator.whenDone();
  expect(acknowledged().every((event) => event.kind === "submitted" && event.outcome.ok)).toBe(true);
  expect(message()).toBeNull();
  expect(done.parametersSha256).toBe((await calm.whenDone()).parametersSha256);
});

test("a wall clock that jumps by years in both directions moves no deadline and no bit", async () => {
  const run = tinyFedAvg({ cohortSize: 4, quorum: 1, deadlineMs: 600_000 });
  const calm = await scene.start(run, { expectedClients: 1, runId: "calm" });
  scene.join(calm, "a");
  const expected = await calm.whenDone();
  vi.useFakeTimers({ toFake: ["Date"] });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  let year = 2001;
  scene.join(coordinator, "a", {
    onTask: ({ deadlineMs }) => {
      year = year === 2001 ? 2099 : 2001;
      vi.setSystemTime(new Date(year, 1));
      return (deadlineMs ?? 0) > 590_000;
    },
  });
  const done = await coordinator.whenDone();
  expect(new Date().getFullYear()).toBe(year);
  expect(done.parametersSha256).toBe(expected.parametersSha256);
  expect(done.steps.map(({ attempt, seconds }) => [attempt, seconds < 60])).toEqual(done.steps.map(() => [1, true]));
});
