import { countSteps, type Params, shapesOf } from "@tutti/core";
import { encodeParams, type Submit, type TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { factorsOf, type Rank, rankStrategy } from "./testing/rankStrategy.ts";
import { createScene, type WatchedCoordinator } from "./testing/scene.ts";
import { simulatedExamples } from "./testing/simulatedDevice.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
/** Of batches of 4 and 2 epochs, in f16: what the leases below say is none of it. */
const run = tinyFedAvg({ numDevices: 2, minDevices: 2, cohortSize: 2, quorum: 1 });
const ranks: readonly Rank[] = [
  { rank: 4, epochs: 1, encoding: "f32", batchSize: 2, numExamples: simulatedExamples(0) },
  // fewer examples than the 12 that the device registers
  { rank: 7, epochs: 3, encoding: "int8", batchSize: 5, numExamples: 9 },
];

interface Opened {
  readonly coordinator: WatchedCoordinator;
  readonly clients: readonly [ProtocolClient, ProtocolClient];
  readonly leases: readonly [TaskLease, TaskLease];
}

/** Both devices hold their task and do nothing yet, unless `works` says so. */
async function open(works: (lease: TaskLease) => boolean = () => false, content = new Map<string, Uint8Array>()): Promise<Opened> {
  const ports = { strategy: rankStrategy(ranks), store: memoryStore(content) };
  const coordinator = await scene.start(run, { expectedClients: 2, homeless: "leave" }, ports);
  const a = scene.join(coordinator, "a", { onTask: works });
  await a.when("welcome");
  const b = scene.join(coordinator, "b", { onTask: works });
  const [first, second] = await Promise.all([a.when("task"), b.when("task")]);
  return { coordinator, clients: [a, b], leases: [first.lease, second.lease] };
}

test("P-57 two devices of one step have shapes, encodings, batches, epochs and examples of their own", async () => {
  const { coordinator, leases } = await open(() => true);
  expect(leases.map(({ deviceId, spec, expects }) => ({ deviceId, epochs: spec.kind === "train" && spec.epochs, ...expects }))).toEqual([
    { deviceId: 0, epochs: 1, shapes: { "lora/down": [4, 2], "lora/up": [3, 4] }, encoding: "f32", batchSize: 2, numExamples: 5 },
    { deviceId: 1, epochs: 3, shapes: { "lora/down": [7, 2], "lora/up": [3, 7] }, encoding: "int8", batchSize: 5, numExamples: 9 },
  ]);
  const { globalParams, steps } = await coordinator.whenDone();
  expect(shapesOf(globalParams)).toEqual({ "0/lora/down": [4, 2], "0/lora/up": [3, 4], "1/lora/down": [7, 2], "1/lora/up": [3, 7] });
  expect(steps.map(({ counted }) => counted)).toEqual([[0, 1]]);
  const closed = await coordinator.when("closed");
  expect(closed.contributions.map(({ numExamples, body }) => [numExamples, body.kind === "train" && body.numSteps])).toEqual([
    [5, 3],
    [9, 6],
  ]);
});

/** The submission that a lease's device would send, changed in one place. */
async function told(client: ProtocolClient, lease: TaskLease, lie: { header?: object; delta?: Params; encoding?: "f32" | "f16" | "int8" }) {
  const good = await client.prepare(lease);
  const { rank } = ranks[lease.deviceId] ?? { rank: 0 };
  const tensors = encodeParams(lie.delta ?? factorsOf(rank, 0.5), lie.encoding ?? lease.expects.encoding);
  const submit = { ...good, header: { ...good.header, ...lie.header }, tensors } as Submit;
  return client.call("submit", submit);
}

test("P-14, P-46, P-51, P-52, P-54 each device is held to its own lease, not to the other's and not to the run's settings", async () => {
  const { coordinator, clients, leases } = await open();
  const stepsOf = (numExamples: number, localEpochs: number, batchSize: number) => ({
    header: { numSteps: countSteps(numExamples, { localEpochs, batchSize }) },
  });
  const lies: readonly [what: string, device: 0 | 1, lie: Parameters<typeof told>[2], rule: string][] = [
    ["the other's rank", 0, { delta: factorsOf(7, 0.5) }, "P-52"],
    ["the other's rank", 1, { delta: factorsOf(4, 0.5) }, "P-52"],
    [
      "as many values in another shape",
      0,
      { delta: { ...factorsOf(4, 0.5), "lora/up": { shape: [4, 3], data: new Float32Array(12) } } },
      "P-52",
    ],
    ["what the run's settings train", 1, { delta: { "head/bias": { shape: [3], data: new Float32Array(3) } } }, "P-51"],
    ["the other's encoding", 0, { encoding: "int8" }, "P-54"],
    ["the run's encoding", 1, { encoding: "f16" }, "P-54"],
    ["the other's batches", 0, stepsOf(5, 1, 5), "P-46"],
    ["the run's batches", 1, stepsOf(9, 3, 4), "P-46"],
    ["the run's epochs", 1, stepsOf(9, 2, 5), "P-46"],
    ["the other's examples", 0, stepsOf(9, 1, 2), "P-46"],
    ["the examples that it registered", 1, stepsOf(12, 3, 5), "P-46"],
  ];
  for (const [what, device, lie, rule] of lies) {
    expect(await told(clients[device], leases[device], lie), `${what} by device ${device}`).toMatchObject({ ok: false, rule });
  }
  const register = (device: 0 | 1, numExamples: number) =>
    clients[device].call("register", { devices: [{ deviceId: device, numExamples }] });
  for (const numExamples of [12, 5, 10]) {
    expect(await register(1, numExamples)).toMatchObject({
      ok: false,
      rule: "P-14",
      message: `device 1: numExamples is 9 in the task that is out, received ${numExamples}`,
    });
  }
  expect(await register(0, 9)).toMatchObject({ ok: false, rule: "P-14" });
  expect([await register(1, 9), await register(0, 5)]).toEqual([
    { ok: true, value: {} },
    { ok: true, value: {} },
  ]);
  for (const device of [0, 1] as const) {
    expect(await told(clients[device], leases[device], {})).toEqual({ ok: true, value: { outcome: "accepted" } });
  }
  expect((await coordinator.whenDone()).globalParams).toMatchObject({ "1/lora/up": { shape: [3, 7] } });
});

test("after a restart each task has the lease that it had, and a contribution from before still counts by its own", async () => {
  const content = new Map<string, Uint8Array>();
  const before = await open(({ deviceId }) => deviceId === 1, content);
  await before.clients[1].when("submitted");
  await before.coordinator.close();
  for (const client of before.clients) client.close();
  const ports = { strategy: rankStrategy(ranks), store: memoryStore(content) };
  const coordinator = await scene.start(run, { expectedClients: 2, homeless: "leave" }, ports);
  const [kept, other] = before.clients.map((client) => client.kept);
  const a = scene.join(coordinator, "a", kept === undefined ? {} : { kept });
  const b = scene.join(coordinator, "b", other === undefined ? {} : { kept: other });
  const { lease } = await a.when("task");
  expect(lease).toEqual(before.leases[0]);
  const { contributions } = await coordinator.when("closed");
  expect(contributions.map(({ deviceId, numExamples }) => [deviceId, numExamples])).toEqual([
    [0, 5],
    [1, 9],
  ]);
  expect(b.events.filter(({ kind }) => kind === "task")).toEqual([]);
});
