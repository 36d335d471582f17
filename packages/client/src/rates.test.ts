import { expect, test } from "vitest";
import { coordinate, ended, globalParams, join, taskA } from "./testing/joining.ts";
import { leaseOf, scriptedRunId, welcomeWith } from "./testing/scriptedCoordinator.ts";

test("P-142: a client that is refused because it came too often says hello again, registers again, and keeps its contribution", async () => {
  const coordinator = await coordinate();
  const tooOften = { refused: "P-142", message: "at most 20 at once and 1 a second, again in 300 ms" } as const;
  const { hello, register, submit } = coordinator.script;
  coordinator.script.hello = (request) => {
    coordinator.script.hello = hello;
    return coordinator.numHeard("hello") === 1 ? tooOften : hello(request);
  };
  coordinator.script.register = () => {
    coordinator.script.register = register;
    return tooOften;
  };
  const { store, event } = join(coordinator);
  await coordinator.heard("register");
  await coordinator.heard("register");
  expect(coordinator.numHeard("hello")).toBe(3);
  coordinator.script.hello = () => welcomeWith({ devices: [{ deviceId: 3, decision: "keep" }] });
  coordinator.script.submit = () => {
    coordinator.script.submit = submit;
    return tooOften;
  };
  await coordinator.tell("task", leaseOf("a", coordinator.blob(globalParams)));
  await event("taskEnded", ended("accepted"));
  expect(await coordinator.heard("submit")).toEqual(await coordinator.heard("submit"));
  expect(await store.get(scriptedRunId, 3)).toMatchObject({ version: taskA, pending: null });
});
