import { signReceipt } from "@tutti/protocol";
import { expect, test, vi } from "vitest";
import { createLever, fakeTrainer, workByRule } from "./testing/fakeTrainer.ts";
import { coordinate, ended, globalParams, initialParams, join, taskA, taskB } from "./testing/joining.ts";
import { leaseOf, type ScriptedCoordinator, scriptedRunId } from "./testing/scriptedCoordinator.ts";

/** A trainer whose work stands still until it is let go or aborted. */
function heldTrainer() {
  const trainer = fakeTrainer();
  const lever = createLever();
  trainer.work = async (task, state, signal) => {
    const aborted = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([lever.pulled, aborted]);
    signal?.throwIfAborted();
    return workByRule(task, state);
  };
  return { trainer, lever };
}

async function give(coordinator: ScriptedCoordinator, name: string): Promise<void> {
  const [global, initial] = [coordinator.blob(globalParams), coordinator.blob(initialParams)];
  await coordinator.tell("task", leaseOf(name, global, { parameterSets: { global, initial } }));
}

test("P-34: a task that a paused client holds is declined after a while, so that no step waits for it, and the client goes on later", async () => {
  const coordinator = await coordinate();
  const { trainer } = heldTrainer();
  const { session, event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  await give(coordinator, "a");
  await event("taskStarted");
  session.pause({ giveBackAfterMs: 30 });
  expect(await coordinator.heard("pause")).toEqual({ isPaused: true });
  expect(await coordinator.heard("decline")).toEqual({ taskId: taskA, reason: "its tab was paused" });
  await event("taskEnded", ended("declined"));
  session.resume();
  trainer.work = workByRule;
  await give(coordinator, "b");
  expect((await coordinator.heard("submit")).taskId).toBe(taskB);
});

test("P-34: a client that resumes in time goes on with the task that it held, and declines nothing", async () => {
  const coordinator = await coordinate();
  const { trainer, lever } = heldTrainer();
  const { session, event } = join(coordinator, { trainer });
  await coordinator.heard("register");
  await give(coordinator, "a");
  await event("taskStarted");
  session.pause({ giveBackAfterMs: 60 });
  session.resume();
  await new Promise((resolve) => setTimeout(resolve, 90));
  lever.pull();
  expect((await coordinator.heard("submit")).taskId).toBe(taskA);
  const { numBytes } = await event("taskEnded", ended("accepted"));
  expect(numBytes).toBeGreaterThan(0);
  expect(coordinator.numHeard("decline")).toBe(0);
});

test("P-34: a client that rests from the beginning says so before it registers, and says so to its page", async () => {
  const coordinator = await coordinate();
  const { events } = join(coordinator, { isPaused: true });
  expect(await coordinator.heard("pause")).toEqual({ isPaused: true });
  expect(coordinator.numHeard("register")).toBe(0);
  await coordinator.heard("register");
  expect(events.slice(0, 2)).toEqual([
    { kind: "connection", state: "connecting" },
    { kind: "paused", isPaused: true },
  ]);
});

test("P-80: after a goodbye the coordinator counts as stopped until it is back, also while the client looks for it", async () => {
  const coordinator = await coordinate();
  const { events, event } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.tell("goodbye", { reason: "closing" });
  await coordinator.stop();
  await event("connection", ({ state }) => state === "stopped");
  await vi.waitFor(() => expect(events.filter((one) => one.kind === "connection" && one.state === "stopped").length).toBeGreaterThan(1), {
    timeout: 5000,
  });
  expect(events.some((one) => one.kind === "connection" && one.state === "retrying")).toBe(false);
  await coordinator.start();
  await coordinator.heard("register");
  expect(events.findLast(({ kind }) => kind === "connection")).toMatchObject({ state: "online" });
  coordinator.disconnectClient();
  await event("connection", ({ state }) => state === "retrying");
});

test("a connection that is checked stays where the coordinator answers, and is opened again where there is none", async () => {
  const coordinator = await coordinate();
  const { session, events } = join(coordinator);
  await coordinator.heard("register");
  session.checkConnection();
  await coordinator.heard("loading");
  expect(coordinator.numHeard("hello")).toBe(1);
  await coordinator.stop();
  await vi.waitFor(() => expect(events.findLast(({ kind }) => kind === "connection")).toMatchObject({ state: "retrying" }));
  await coordinator.start();
  session.checkConnection();
  await coordinator.heard("hello");
  await vi.waitFor(() => expect(coordinator.numHeard("hello")).toBeGreaterThan(1), { timeout: 5000 });
});

test("P-165: the client hands on the receipt of the coordinator, and null where that does not answer", async () => {
  const coordinator = await coordinate();
  const receipt = signReceipt(
    {
      format: "tutti receipt",
      version: 1,
      runId: scriptedRunId,
      clientKey: "id-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      issuedAt: 1_790_000_000_000,
      numEarlier: 0,
      contributions: [],
    },
    new Uint8Array(32).fill(3),
  );
  coordinator.script.receipt = () => receipt;
  const { session, event } = join(coordinator);
  await coordinator.heard("register");
  expect(await session.receipt()).toEqual(receipt);
  await coordinator.stop();
  await event("connection", ({ state }) => state === "retrying");
  expect(await session.receipt()).toBeNull();
});
