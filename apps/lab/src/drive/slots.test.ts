import { expect, test } from "vitest";
import { runOnSlots, shapePool } from "./slots.ts";

test("there is a client per core, and as many runs at once as have room", () => {
  expect(shapePool(8, 3)).toEqual({ numClients: 6, clientsPerRun: 3, numAtOnce: 2, threads: 1, coresPerRun: 4 });
  expect(shapePool(8, 1, 2)).toEqual({ numClients: 2, clientsPerRun: 1, numAtOnce: 2, threads: 4, coresPerRun: 4 });
  expect(shapePool(2, 4)).toEqual({ numClients: 2, clientsPerRun: 2, numAtOnce: 1, threads: 1, coresPerRun: 2 });
});

test("jobs are taken in order, each slot one at a time", async () => {
  const log: string[] = [];
  let numOpen = 0;
  await runOnSlots(["a", "b", "c", "d", "e"], 2, async (job, slot) => {
    numOpen += 1;
    expect(numOpen).toBeLessThanOrEqual(2);
    log.push(`${job}`);
    expect([0, 1]).toContain(slot);
    await Promise.resolve();
    numOpen -= 1;
  });
  expect(log).toEqual(["a", "b", "c", "d", "e"]);
});
