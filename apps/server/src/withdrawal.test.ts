import { deferred, type RunSettings } from "@tutti/core";
import { expect, test, vi } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { copyOf, type KeptClient } from "./testing/keptClient.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const run: RunSettings = tinyRun({ numRounds: 4, evaluateEvery: 4, cohortSize: 4, quorum: 0.5 });
const isTrain = (lease: { stage: string; spec: { kind: string } }) => lease.stage === "train" && lease.spec.kind === "train";

const keysIn = (content: ReadonlyMap<string, Uint8Array>, prefix: string) =>
  [...content.keys()].filter((key) => key.startsWith(prefix)).sort();
const textOf = (content: ReadonlyMap<string, Uint8Array>) =>
  [...content.values()].map((bytes) => new TextDecoder().decode(bytes)).join("\n");

/**
 * Two clients train. In the third round one holds a task; the other, which is free, does the rest, has its contributions accepted and takes
 * everything back.
 */
async function withdrawnInRound3(content: Map<string, Uint8Array>, quorum: number) {
  const settings = { ...run, quorum };
  const coordinator = await scene.start(
    settings,
    { expectedClients: 2, runId: "same", keepRoundsBytes: 0 },
    { store: memoryStore(content) },
  );
  const held = deferred<boolean>();
  const isHeld = (lease: Parameters<typeof isTrain>[0] & { round: number }) => isTrain(lease) && lease.round === 3;
  const leaver = scene.join(coordinator, "leaver", { nickname: "Leaving Lena" });
  await leaver.when("welcome");
  const other = scene.join(coordinator, "other", { onTask: (lease) => (isHeld(lease) ? held.promise : true) });
  const { lease } = await other.when("task", (event) => isHeld(event.lease));
  const done = () => leaver.events.filter((event) => event.kind === "submitted" && isHeld(event.lease));
  await vi.waitFor(() => expect(done()).toHaveLength(3), { interval: 2, timeout: 10_000 });
  const before = new Map(content);
  const answer = await leaver.call("withdraw", {});
  const ids = [0, 1, 2, 3].filter((id) => id !== lease.deviceId);
  return { settings, coordinator, leaver, other, held, answer, before, ids, stays: lease.deviceId };
}

async function finish(coordinator: WatchedCoordinator) {
  const outcome = await coordinator.whenDone();
  return {
    sha256: outcome.parametersSha256,
    counted: outcome.steps.map(({ stage, round, step, counted }) => [stage, round, step, counted]),
  };
}

test("a client takes back states, control variates and contributions that are not yet summed, and is told what stays (P-127)", async () => {
  const content = new Map<string, Uint8Array>();
  const { coordinator, leaver, held, answer, before, ids, stays } = await withdrawnInRound3(content, 0.25);
  const numSummed = coordinator.steps().reduce((sum, { counted }) => sum + counted.filter((id) => id !== stays).length, 0);
  expect(numSummed).toBeGreaterThan(3 * 4 - 1); // a score, a counting round and two training rounds of each device
  expect(answer).toEqual({ ok: true, value: { numDevices: 3, numStates: 3, numControls: 3, numContributions: 3, numSummed } });
  expect(keysIn(before, "contribution/")).toHaveLength(3);
  expect(keysIn(content, "contribution/")).toEqual([]);
  expect(keysIn(before, "deviceState/").length - keysIn(content, "deviceState/").length).toBe(3);
  for (const id of ids) {
    expect(keysIn(before, `tensor/c/${id}/`).length).toBeGreaterThan(0);
    expect(keysIn(content, `tensor/c/${id}/`)).toEqual([]);
  }
  expect(keysIn(content, `tensor/c/${stays}/`).length).toBeGreaterThan(0);
  expect(textOf(before)).toContain("Leaving Lena");
  expect(textOf(content)).not.toContain("Leaving Lena");
  expect(await leaver.call("loading", {})).toMatchObject({ ok: false, rule: "P-10" });
  expect(coordinator.status().resets?.last).toBe(`device ${ids[2]} was taken back by its client and starts again`);
  held.resolve(true);
  const { counted } = await finish(coordinator);
  expect(counted).toContainEqual(["train", 3, 1, [stays]]);
  expect(counted).toContainEqual(["train", 4, 1, [0, 1, 2, 3]]);
});

test.each([0.25, 0.5])(
  "a coordinator that is killed after a deletion comes back to the same bits as one that goes on, with quorum %d (P-127, P-128)",
  async (quorum) => {
    const content = new Map<string, Uint8Array>();
    const { settings, coordinator, other, held } = await withdrawnInRound3(content, quorum);
    const stored = new Map(content);
    const kept: KeptClient = copyOf(other.kept);
    const again = await scene.start(settings, { expectedClients: 2, runId: "same", keepRoundsBytes: 0 }, { store: memoryStore(stored) });
    scene.join(again, "other", { kept });
    const restarted = await finish(again);
    held.resolve(true);
    const straight = await finish(coordinator);
    expect(restarted).toEqual(straight);
    expect(
      straight.counted.some(([, round, step, counted]) => round === 3 && step === 1 && Array.isArray(counted) && counted.length === 1),
    ).toBe(quorum === 0.25);
  },
);

test("a device with examples of its own leaves the roster with its number of examples (P-127)", async () => {
  const content = new Map<string, Uint8Array>();
  const open = tinyRun({ roster: "open", numDevices: 3, maxDevices: 3, minDevices: 3, cohortSize: 3, quorum: 0.5 });
  const coordinator = await scene.start(open, {}, { store: memoryStore(content) });
  const [a, b] = ["a", "b"].map((name) => scene.join(coordinator, name, { hosting: "own", claims: () => 4711 }));
  await Promise.all([a?.when("registered"), b?.when("registered")]);
  expect(coordinator.status().numDevices).toBe(2);
  expect(await a?.call("withdraw", {})).toEqual({
    ok: true,
    value: { numDevices: 1, numStates: 0, numControls: 0, numContributions: 0, numSummed: 0 },
  });
  expect(coordinator.status().numDevices).toBe(1);
  expect(textOf(content).split("4711")).toHaveLength(2);
  expect(keysIn(content, "client/")).toHaveLength(1);
  const c = scene.join(coordinator, "c", { hosting: "own" });
  expect((await c.when("welcome")).welcome.devices).toEqual([expect.objectContaining({ decision: "new" })]);
});

test("who leaves first and asks later has its states deleted at their next host, and nothing of what others trained (P-127)", async () => {
  const content = new Map<string, Uint8Array>();
  const coordinator = await scene.start(run, { expectedClients: 1, graceMs: 0, keepRoundsBytes: 0 }, { store: memoryStore(content) });
  const isHeld = (lease: Parameters<typeof isTrain>[0] & { round: number }) => isTrain(lease) && lease.round === 2;
  const first = scene.join(coordinator, "first", { onTask: (lease) => !isHeld(lease) });
  await first.when("task", ({ lease }) => isHeld(lease));
  await first.call("leave", {});
  first.close();
  let released = false;
  const next = scene.join(coordinator, "next", { onTask: (lease) => !isHeld(lease) || released });
  await next.when("task", ({ lease }) => isHeld(lease));
  const stranger = scene.join(coordinator, "stranger", { onTask: () => false });
  await stranger.when("welcome");
  const nothing = { numStates: 0, numControls: 0, numContributions: 0, numSummed: 0 };
  expect(await stranger.call("withdraw", {})).toMatchObject({ ok: true, value: nothing });
  expect(keysIn(content, "deviceState/")).toHaveLength(4);
  const again = scene.join(coordinator, "first", { kept: first.kept });
  await again.when("welcome");
  const answer = await again.call("withdraw", {});
  expect(answer).toMatchObject({ ok: true, value: { numDevices: 4, numStates: 4, numControls: 4, numContributions: 0 } });
  expect([...keysIn(content, "deviceState/"), ...[0, 1, 2, 3].flatMap((id) => keysIn(content, `tensor/c/${id}/`))]).toEqual([]);
  const { deviceIds } = await next.when("moved");
  await next.when("assign", ({ devices }) => devices.some(({ deviceId, decision }) => deviceIds.includes(deviceId) && decision === "new"));
  released = true;
  const { counted } = await finish(coordinator);
  expect(counted).toContainEqual(["train", 4, 1, [0, 1, 2, 3]]);
});

test("when the run is over, everything that was summed is counted once (P-127)", async () => {
  const coordinator = await scene.start({ ...run, numRounds: 1, evaluateEvery: 1 }, { expectedClients: 1, keepRoundsBytes: 0 });
  const a = scene.join(coordinator, "a");
  const { steps } = await coordinator.whenDone();
  const numSummed = steps.reduce((sum, { counted }) => sum + counted.length, 0);
  expect(await a.call("withdraw", {})).toMatchObject({ ok: true, value: { numDevices: 4, numStates: 4, numContributions: 0, numSummed } });
});
