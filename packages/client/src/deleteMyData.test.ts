import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { refuse } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { memoryStore } from "./memoryStore.ts";
import { deleteMyData, joinRun } from "./node.ts";
import { createLever, fakeTrainer } from "./testing/fakeTrainer.ts";
import { coordinate, ended, globalParams, join, taskA } from "./testing/joining.ts";
import { leaseOf, scriptedRunId } from "./testing/scriptedCoordinator.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const answer = { numDevices: 1, numStates: 1, numControls: 0, numContributions: 2, numSummed: 5 };

test("P-127: a session that leaves and deletes forgets its devices, also one that trains, and says what stays", async () => {
  const coordinator = await coordinate();
  const store = memoryStore();
  const { session, event, trainer } = join(coordinator, { store });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA });
  const lever = createLever();
  const { work } = trainer;
  trainer.work = async (...task) => {
    await lever.pulled;
    return work(...task);
  };
  await coordinator.tell("task", leaseOf("b", coordinator.blob(globalParams)));
  await event("taskStarted", ({ task }) => task.taskId !== taskA);
  const deleted = session.leaveAndDelete();
  lever.pull();
  expect(await deleted).toEqual(answer);
  expect(await session.whenEnded).toEqual({ reason: "left", deleted: answer });
  expect(await store.list(scriptedRunId)).toEqual([]);
  expect(coordinator.numHeard("submit")).toBe(1);
});

test("P-127: where the coordinator does not delete, the session goes on and says why", async () => {
  const coordinator = await coordinate();
  coordinator.script.withdraw = () => refuse("P-10", "hello comes first");
  const { session, event, store } = join(coordinator);
  await coordinator.heard("register");
  expect(await session.leaveAndDelete()).toBeNull();
  expect(await event("problem")).toMatchObject({ message: expect.stringContaining("Nothing was deleted (P-10: hello comes first)") });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA });
});

test("P-127: who only deletes loads nothing, and its folder keeps neither key nor devices", async () => {
  const coordinator = await coordinate();
  const folder = mkdtempSync(joinPath(tmpdir(), "tutti-"));
  folders.push(folder);
  const session = joinRun({ url: coordinator.url, folder, trainer: fakeTrainer() });
  const { clientKey } = await coordinator.heard("hello");
  await coordinator.heard("register");
  await session.leave();
  expect(existsSync(joinPath(folder, "client.key"))).toBe(true);
  expect(await deleteMyData({ url: coordinator.url, folder })).toEqual(answer);
  expect((await coordinator.heard("hello")).clientKey).toBe(clientKey);
  expect(readdirSync(folder)).toEqual([]);
  expect(coordinator.numHeard("register")).toBe(1);
});

test("P-127: deleting is rejected where the coordinator does not do it", async () => {
  const coordinator = await coordinate();
  coordinator.script.withdraw = () => refuse("P-5", "internal");
  await expect(deleteMyData({ url: coordinator.url })).rejects.toThrow("nothing was deleted: the session ended (left)");
});
