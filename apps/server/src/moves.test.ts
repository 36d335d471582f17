import { deferred, type RunSettings } from "@tutti/core";
import { expect, test, vi } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const run = tinyRun({ numRounds: 4, evaluateEvery: 4 });

async function undisturbed(run: RunSettings): Promise<string> {
  const coordinator = await scene.start(run, { expectedClients: 2, runId: "same" });
  for (const name of ["a", "b"]) scene.join(coordinator, name);
  return (await coordinator.whenDone()).parametersSha256;
}

test("devices of a tab that died move to another one with their last accepted state, and the result is the same to the bit", async () => {
  const everyone = { ...run, cohortSize: 4 };
  const expected = await undisturbed(everyone);
  const coordinator = await scene.start(everyone, { expectedClients: 2, runId: "same", graceMs: 0 });
  const isLater = ({ stage, round }: { stage: string; round: number }) => stage === "train" && round >= 2;
  const isGone = deferred<boolean>();
  const a = scene.join(coordinator, "a", { onTask: (lease) => !isLater(lease) || isGone.promise });
  const b = scene.join(coordinator, "b", { onTask: (lease) => !isLater(lease) });
  const { lease } = await b.when("task", (event) => isLater(event.lease));
  b.close();
  isGone.resolve(true);
  const { devices } = await a.when("assign", (event) => event.devices.some(({ deviceId }) => deviceId === lease.deviceId));
  expect(devices.find((device) => device.deviceId === lease.deviceId)).toMatchObject({
    decision: "new",
    state: { numBytes: expect.any(Number) },
  });
  const outcome = await coordinator.whenDone();
  expect(outcome.parametersSha256).toBe(expected);
  expect(outcome.deviceStates.size).toBeGreaterThan(0);
  expect(a.kept.devices.size).toBe(4);
});

test("a client whose devices moved is told that they live elsewhere when it returns (P-25)", async () => {
  const coordinator = await scene.start(run, { expectedClients: 2, graceMs: 0 });
  scene.join(coordinator, "a", { onTask: ({ stage, round }) => !(stage === "train" && round === 3) });
  const b = scene.join(coordinator, "b", { onTask: () => false });
  await b.when("task");
  b.close();
  await vi.waitFor(() => expect(coordinator.status().round).toBe(3), { interval: 5 });
  const again = scene.join(coordinator, "b", { kept: b.kept });
  const { welcome } = await again.when("welcome");
  expect(welcome.devices).toEqual([]);
  expect(again.kept.devices.size).toBe(0);
});

test("a device that goes to a newcomer and comes back starts from its last accepted state, wherever it was meanwhile (P-27)", async () => {
  const coordinator = await scene.start(run, { graceMs: 0, homeless: "move" });
  let isHeld = true;
  const a = scene.join(coordinator, "a", { onTask: ({ stage, round }) => !(isHeld && stage === "train" && round === 1) });
  const { lease: held } = await a.when("task", (event) => event.lease.stage === "train");
  const b = scene.join(coordinator, "b");
  const { deviceIds } = await a.when("moved");
  expect(deviceIds).not.toContain(held.deviceId);
  expect([...a.kept.devices.keys()].some((id) => deviceIds.includes(id))).toBe(false);
  isHeld = false;
  b.close();
  const { devices } = await a.when("assign", (event) => event.devices.some(({ deviceId }) => deviceIds.includes(deviceId)));
  expect(devices.map(({ deviceId }) => deviceId)).toEqual(expect.arrayContaining([...deviceIds]));
  a.close();
});

test("states that travel are counted apart from the bytes of the steps", async () => {
  const moving = await scene.start(run, { expectedClients: 1, homeless: "move" });
  scene.join(moving, "a");
  const kept = await moving.whenDone();
  const leaving = await scene.start(run, { expectedClients: 1, homeless: "leave" });
  scene.join(leaving, "a");
  const plain = await leaving.whenDone();
  expect(plain.traffic.states).toEqual({ up: 0, down: 0 });
  expect(kept.traffic.states.up).toBeGreaterThan(0);
  expect(Math.abs(kept.traffic.train.up - plain.traffic.train.up)).toBeLessThan(0.15 * plain.traffic.train.up);
});
