import type { DeviceState, RunSettings } from "@tutti/core";
import { decodeDeviceState, encodeDeviceState, type TaskLease } from "@tutti/protocol";
import { expect, test, vi } from "vitest";
import type { CoordinatorOptions } from "./config.ts";
import { memoryStore } from "./journal/keyValueStore.ts";
import { newClient } from "./testing/keptClient.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const run: RunSettings = tinyRun({ numRounds: 4, evaluateEvery: 4, cohortSize: 4, quorum: 1 });
const isTraining = ({ stage, spec }: TaskLease) => stage === "train" && spec.kind === "train";

/** Every device's state as its stranger would like it to be. */
const poisons: readonly [string, (state: DeviceState) => DeviceState][] = [
  ["of another stage", (state) => ({ ...state, stage: "count" })],
  [
    "with a layer that travels",
    (state) => ({ ...state, local: { ...state.local, "head/bias": { shape: [3], data: new Float32Array(3) } } }),
  ],
  [
    "with a parameter of no run",
    (state) => ({ ...state, local: { ...state.local, "prefix/99": { shape: [1], data: new Float32Array(1) } } }),
  ],
  ["of another shape", (state) => ({ ...state, local: mapTensors(state, ({ data }) => ({ shape: [data.length], data })) })],
  ["of huge values", (state) => ({ ...state, local: mapTensors(state, ({ shape, data }) => ({ shape, data: data.map(() => 1e9) })) })],
  ["of no steps", (state) => ({ ...state, stageSteps: 0 })],
];

type Tensor = DeviceState["local"][string];

function mapTensors({ local }: DeviceState, change: (tensor: Tensor) => Tensor): DeviceState["local"] {
  return Object.fromEntries(Object.entries(local).map(([name, tensor]) => [name, change(tensor)]));
}

test("a poisoned private state is refused like a poisoned contribution, whatever is wrong with it, and the sound one still counts (P-124)", async () => {
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const seen: string[] = [];
  const stranger: ProtocolClient = scene.join(coordinator, "stranger", {
    async onTask(lease) {
      if (!isTraining(lease) || lease.round > 1) return true;
      const submit = await stranger.prepare(lease);
      for (const [name, poison] of poisons) {
        const state = encodeDeviceState(poison(decodeDeviceState(submit.state ?? new Uint8Array())));
        const outcome = await stranger.call("submit", { ...submit, state });
        seen.push(`${name}: ${outcome.ok ? outcome.value.outcome : outcome.rule}`);
      }
      return true;
    },
  });
  await coordinator.whenDone();
  expect(new Set(seen)).toEqual(new Set(poisons.map(([name]) => `${name}: P-124`)));
  expect(seen).toHaveLength(4 * poisons.length);
  const { contributions } = await coordinator.when("closed", ({ plan }) => plan.stage === "train" && plan.round === 1);
  expect(contributions).toHaveLength(4);
});

/** A stranger works until its devices have states, and goes for good; the run waits for its devices. */
async function leftBehind(options: Partial<CoordinatorOptions>, content = new Map<string, Uint8Array>()) {
  const coordinator = await scene.start(run, { graceMs: 0, ...options }, { store: memoryStore(content) });
  const stranger = scene.join(coordinator, "stranger", { onTask: (lease) => !(isTraining(lease) && lease.round === 2) });
  await stranger.when("task", ({ lease }) => isTraining(lease) && lease.round === 2);
  return { coordinator, stranger, content };
}

const statesIn = (content: ReadonlyMap<string, Uint8Array>) => [...content.keys()].filter((key) => key.startsWith("deviceState/"));

test("where hosts are trusted, a stranger gets another stranger's device without its state, and the reset is said (P-126)", async () => {
  const { coordinator, stranger, content } = await leftBehind({ stateHosts: "trusted" });
  expect(statesIn(content)).toHaveLength(4);
  stranger.close();
  await vi.waitFor(() => expect(coordinator.clients()[0]?.isConnected).toBe(false), { interval: 2 });
  const other = scene.join(coordinator, "other", { onTask: () => false });
  const { welcome } = await other.when("welcome");
  expect(welcome.devices).toEqual([0, 1, 2, 3].map((deviceId) => ({ deviceId, decision: "reset" })));
  expect(coordinator.status().resets).toEqual({
    count: 4,
    last: "device 3 moved without its private state and starts again",
    said: { kind: "reset", deviceId: 3, why: "untrusted" },
  });
  expect(statesIn(content)).toEqual([]);
  const records = [...content].filter(([key]) => key.startsWith("device/")).map(([, bytes]) => new TextDecoder().decode(bytes));
  expect(records.every((record) => record.includes('"wasReset":true'))).toBe(true);
});

test("a host with the operator's token is handed the states, the device's own client always, and a wrong token is refused (P-126)", async () => {
  const { coordinator, stranger } = await leftBehind({ stateHosts: "trusted" });
  stranger.close();
  const wrong = scene.join(coordinator, "wrong", { hostToken: "somebody else's" });
  expect(await wrong.when("refused")).toMatchObject({ rule: "P-126" });
  const trusted = scene.join(coordinator, "trusted", { hostToken: coordinator.hostToken ?? "", onTask: () => false });
  const { welcome } = await trusted.when("welcome");
  expect(welcome.devices.map(({ decision, state }) => [decision, state !== undefined])).toEqual(
    Array.from({ length: 4 }, () => ["new", true]),
  );
});

test("a device's own client gets its state back where its store was emptied (P-126)", async () => {
  const { coordinator, stranger } = await leftBehind({ stateHosts: "trusted", graceMs: 60_000 });
  stranger.close();
  const again = scene.join(coordinator, "stranger", { kept: newClient("stranger"), onTask: () => false });
  const { welcome } = await again.when("welcome");
  expect(welcome.devices.every(({ state }) => state !== undefined)).toBe(true);
});

test("with trusted hosts no device leaves a client that is there or rests for a newcomer or a free client (P-126)", async () => {
  const { coordinator, stranger } = await leftBehind({ stateHosts: "trusted" });
  const newcomer = scene.join(coordinator, "newcomer");
  expect((await newcomer.when("welcome")).welcome.devices).toEqual([]);
  await stranger.call("pause", { isPaused: true });
  const other = scene.join(coordinator, "other");
  expect((await other.when("welcome")).welcome.devices).toEqual([]);
  expect(stranger.events.some(({ kind }) => kind === "moved")).toBe(false);
});

test("where any host may have them, states move as they did (P-126)", async () => {
  const { coordinator, stranger } = await leftBehind({});
  stranger.close();
  const other = scene.join(coordinator, "other", { onTask: () => false });
  expect((await other.when("welcome")).welcome.devices.every(({ state }) => state !== undefined)).toBe(true);
});

test("a state that a device's new host declines is deleted, the device starts again, and status and journal say so (P-125)", async () => {
  const { coordinator, stranger, content } = await leftBehind({});
  stranger.close();
  const other = scene.join(coordinator, "other", { onTask: () => false });
  const { welcome } = await other.when("welcome");
  const [device] = welcome.devices;
  const { deviceId = 0, version = "" } = device ?? {};
  const reason = "training comes to no finite loss";
  expect(await other.call("declineState", { deviceId, version: "0".repeat(32), reason })).toEqual({ ok: true, value: {} });
  expect(statesIn(content)).toHaveLength(4);
  expect(await other.call("declineState", { deviceId, version, reason })).toEqual({ ok: true, value: {} });
  expect(statesIn(content)).toHaveLength(3);
  const last = `device ${deviceId} came with a private state that its host declined and starts again`;
  expect(coordinator.status().resets).toMatchObject({ count: 1, last, said: { kind: "reset", why: "declined" } });
  const third = scene.join(coordinator, "third", { onTask: () => false });
  await third.when("welcome");
  expect(await third.call("declineState", { deviceId, version, reason })).toMatchObject({ ok: false, rule: "P-125" });
});
