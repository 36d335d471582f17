import { type ClientProfile, methods, presets, strategies } from "@tutti/core";
import { expect, test, vi } from "vitest";
import { coordinate, join } from "./testing/joining.ts";
import { scriptedRunId, welcomeWith } from "./testing/scriptedCoordinator.ts";

const planning = methods.fedPipe.settings(presets.demo);
const claim = { memoryBytes: 3e8, bytesPerSecond: 2e6 };
const machine: ClientProfile = { flopsPerSecond: 3e9, memoryBytes: 4e8, bytesPerSecond: 1e6 };

test("a run that does not plan is told nothing of the machine, and nothing is measured for it", async () => {
  const coordinator = await coordinate();
  coordinator.script.runInfo = () => ({ runId: scriptedRunId, run: presets.demo });
  const profile = vi.fn(() => claim);
  join(coordinator, { profile });
  await coordinator.heard("register");
  expect(await coordinator.heard("hello")).not.toHaveProperty("profile");
  expect(profile).not.toHaveBeenCalled();
});

test("a run that plans is told what the client claims, measured once however often it connects", async () => {
  const coordinator = await coordinate();
  coordinator.script.runInfo = () => ({ runId: scriptedRunId, run: planning });
  coordinator.script.hello = () => welcomeWith({ run: planning });
  const profile = vi.fn(async () => claim);
  join(coordinator, { profile });
  await coordinator.heard("register");
  expect(await coordinator.heard("hello")).toMatchObject({ profile: claim });
  coordinator.disconnectClient();
  expect(await coordinator.heard("hello")).toMatchObject({ profile: claim });
  expect(profile).toHaveBeenCalledTimes(1);
});

test("where only the welcome says that the run plans, the client says hello again with its claim before it loads anything", async () => {
  const coordinator = await coordinate();
  coordinator.script.hello = ({ profile }) => {
    const backbone = `backbones/${profile === undefined ? "minuet" : "minuet-nf4"}/manifest.json`;
    return welcomeWith({ run: planning, urls: { backbone, dataset: "datasets/" } });
  };
  const { trainer } = join(coordinator, { profile: () => claim });
  await coordinator.heard("register");
  expect(await coordinator.heard("hello")).not.toHaveProperty("profile");
  expect(await coordinator.heard("hello")).toMatchObject({ profile: claim });
  expect(trainer.setups.map(({ manifestUrl }) => manifestUrl)).toEqual([`${coordinator.url}/backbones/minuet-nf4/manifest.json`]);
});

test("the next run is told only if it plans, too", async () => {
  const coordinator = await coordinate();
  coordinator.script.runInfo = () => ({ runId: scriptedRunId, run: planning });
  coordinator.script.hello = () => welcomeWith({ run: planning });
  join(coordinator, { profile: () => claim });
  await coordinator.heard("register");
  expect(await coordinator.heard("hello")).toHaveProperty("profile");
  coordinator.script.runInfo = () => ({ runId: "next-run", run: presets.demo });
  coordinator.script.hello = () => welcomeWith({ runId: "next-run" });
  await coordinator.tell("goodbye", { reason: "newRun" });
  expect(await coordinator.heard("hello")).not.toHaveProperty("profile");
});

test("a claim that cannot be measured is left out, and the client takes part without", async () => {
  const coordinator = await coordinate();
  coordinator.script.runInfo = () => ({ runId: scriptedRunId, run: planning });
  coordinator.script.hello = () => welcomeWith({ run: planning });
  join(coordinator, { profile: () => Promise.reject(new Error("no clock")) });
  await coordinator.heard("register");
  expect(await coordinator.heard("hello")).not.toHaveProperty("profile");
  expect(coordinator.numHeard("hello")).toBe(1);
});

test("a client that simulates a machine claims that machine, in a run that does not plan too", async () => {
  const coordinator = await coordinate();
  coordinator.script.runInfo = () => ({ runId: scriptedRunId, run: planning });
  coordinator.script.hello = () => welcomeWith({ run: planning });
  join(coordinator, { simulated: machine });
  expect(await coordinator.heard("hello")).toMatchObject({ profile: machine });
  const other = await coordinate();
  join(other, { simulated: machine });
  expect(await other.heard("hello")).toMatchObject({ profile: machine });
});

test("a run whose ranks follow machines is told of them like one that plans", async () => {
  const coordinator = await coordinate();
  const run = methods.hetLora.settings(presets.demo);
  const byMachine = { ...run, strategy: { ...strategies.hetLora.defaults, machineRanks: [{ flopsPerSecond: 1e9, rank: 4 }] } };
  coordinator.script.runInfo = () => ({ runId: scriptedRunId, run: byMachine });
  coordinator.script.hello = () => welcomeWith({ run: byMachine });
  join(coordinator, { profile: () => claim });
  expect(await coordinator.heard("hello")).toMatchObject({ profile: claim });
  const other = await coordinate();
  other.script.runInfo = () => ({ runId: scriptedRunId, run });
  join(other, { profile: () => claim });
  expect(await other.heard("hello")).not.toHaveProperty("profile");
});

test("a client for which no backward pass fits says so with every hello, and its trainer is told; others say nothing (P-250)", async () => {
  const coordinator = await coordinate();
  const { trainer } = join(coordinator, { isForwardOnly: true });
  await coordinator.heard("register");
  expect(await coordinator.heard("hello")).toMatchObject({ isForwardOnly: true });
  expect(trainer.setups).toMatchObject([{ isForwardOnly: true }]);
  coordinator.disconnectClient();
  expect(await coordinator.heard("hello")).toMatchObject({ isForwardOnly: true });
  const other = await coordinate();
  join(other, { isForwardOnly: false });
  await other.heard("register");
  expect(await other.heard("hello")).not.toHaveProperty("isForwardOnly");
});
