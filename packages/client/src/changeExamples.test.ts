import { expect, test } from "vitest";
import { createLever, fakeTrainer, workByRule } from "./testing/fakeTrainer.ts";
import { coordinate, ended, globalParams, join } from "./testing/joining.ts";
import { leaseOf, welcomeWith } from "./testing/scriptedCoordinator.ts";

const typed = (...texts: string[]) => texts.map((text) => ({ text, label: 0 }));

/** A trainer whose devices hold as many examples as they were given. */
function countingTrainer() {
  const trainer = fakeTrainer();
  const { addDevice } = trainer;
  trainer.addDevice = async (deviceId, source) => {
    await addDevice(deviceId, source);
    return { numExamples: source.kind === "own" ? source.examples.length : 1 };
  };
  return trainer;
}

test("examples that change are loaded again, and their new number is registered (P-14)", async () => {
  const coordinator = await coordinate();
  const { session, trainer } = join(coordinator, { trainer: countingTrainer(), hosting: { kind: "own", examples: typed("a", "b") } });
  expect(await coordinator.heard("register")).toMatchObject({ devices: [{ deviceId: 3, numExamples: 2 }] });
  await session.changeExamples(typed("a", "b", "c"));
  expect(await coordinator.heard("register")).toMatchObject({ devices: [{ deviceId: 3, numExamples: 3 }] });
  expect(trainer.sources.at(-1)).toEqual({ deviceId: 3, source: { kind: "own", examples: typed("a", "b", "c") } });
  await session.changeExamples(typed("a", "b", "corrected"));
  expect(trainer.sources).toHaveLength(3);
  expect(coordinator.numHeard("register")).toBe(2); // the number is the same
});

test("a task that is at work goes on while examples change", async () => {
  const coordinator = await coordinate();
  const trainer = countingTrainer();
  const lever = createLever();
  trainer.work = async (task, state) => {
    await lever.pulled;
    return workByRule(task, state);
  };
  const { session, event } = join(coordinator, { trainer, hosting: { kind: "own", examples: typed("a") } });
  await coordinator.heard("register");
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskStarted");
  await session.changeExamples(typed("a", "b"));
  expect(await coordinator.heard("register")).toMatchObject({ devices: [{ numExamples: 2 }] });
  lever.pull();
  await event("taskEnded", ended("accepted"));
});

test("what changed while the coordinator was away is registered after the next hello, which says the new number too", async () => {
  const coordinator = await coordinate();
  const { session, event } = join(coordinator, { trainer: countingTrainer(), hosting: { kind: "own", examples: typed("a") } });
  await coordinator.heard("register");
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  await coordinator.stop();
  await event("connection", ({ state }) => state === "retrying");
  await session.changeExamples(typed("a", "b", "c"));
  await coordinator.start();
  expect(await coordinator.heard("register")).toMatchObject({ devices: [{ deviceId: 3, numExamples: 3 }] });
});

test("a client with a share of the run's examples, or one that would have none left, is told so", async () => {
  const coordinator = await coordinate();
  const shared = join(coordinator);
  await coordinator.heard("register");
  await expect(shared.session.changeExamples(typed("a"))).rejects.toThrow("this client trains a share of the run's examples");
  const own = join(coordinator, { clientKey: "another-client-key-1", hosting: { kind: "own", examples: typed("a") } });
  await coordinator.heard("register");
  await expect(own.session.changeExamples([])).rejects.toThrow("needs at least one");
});
