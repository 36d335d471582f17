import { expect, test } from "vitest";
import { type KeyValueStore, memoryStore } from "./journal/keyValueStore.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

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
