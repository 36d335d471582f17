import { type Contribution, type RunSettings, slopes, strategies, tunings } from "@tutti/core";
import { encodeParams, type TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const forwardTier = { numDirections: 6, perturbation: 0.01, maxExamples: 16 };
const runOf = (changes: Partial<RunSettings> = {}): RunSettings =>
  tinyFedAvg({ strategy: { ...strategies.fedAvg.defaults, forwardTier }, cohortSize: 4, quorum: 1, ...changes });
const twoClients = { expectedClients: 2, maxPerClient: 2 } as const;

const isMeasured = ({ spec }: TaskLease) => spec.kind === "train" && spec.forward !== undefined;

test("a round holds tasks of both kinds, and each device of a client that computes forward passes alone sends one slope for each direction (P-250, P-251)", async () => {
  const coordinator = await scene.start(runOf(), twoClients);
  const whole = scene.join(coordinator, "a");
  const small = scene.join(coordinator, "b", { isForwardOnly: true });
  const { steps, globalParams } = await coordinator.whenDone();
  const leasesOf = (client: typeof whole) => client.events.flatMap((event) => (event.kind === "task" ? [event.lease] : []));
  const trains = (client: typeof whole) => leasesOf(client).filter(({ spec }) => spec.kind === "train");
  expect([trains(whole).length, trains(small).length]).toEqual([8, 8]);
  expect([trains(whole).filter(isMeasured).length, trains(small).filter(isMeasured).length]).toEqual([0, 8]);
  expect(leasesOf(small).some(({ spec }) => spec.kind === "evaluate")).toBe(true); // which needs no backward pass
  const [lease] = trains(small);
  expect(lease?.expects).toMatchObject({ shapes: { slopes: [6] }, encoding: "f32" });
  expect(new Set(trains(small).map(({ spec }) => (spec.kind === "train" ? spec.forward?.seed : null))).size).toBe(8);
  const rounds = steps.filter(({ kind }) => kind === "train");
  expect(rounds.map(({ counted }) => counted)).toEqual([1, 2, 3, 4].map(() => [0, 1, 2, 3]));
  expect(Object.values(globalParams)[0]?.data.some((value) => value !== 0)).toBe(true);
});

test("a client that computes forward passes alone is refused where everybody trains by gradients, with what to do, and let in where nobody does (P-250)", async () => {
  const plain = await scene.start(tinyFedAvg());
  const refused = await scene.join(plain, "a", { isForwardOnly: true }).when("refused");
  const message = expect.stringContaining("start a run with strategy.forwardTier");
  expect(refused).toMatchObject({ rule: "P-250", message, why: { kind: "backwardNeeded" } });
  const back = scene.join(plain, "a"); // the same client, by gradients
  await back.when("welcome");
  const { promptDropout, positionsAfterPrefix, lossOver } = tinyFedAvg().tuning;
  const shared = { promptTokens: 2, promptDropout, positionsAfterPrefix, lossOver, head: "labelWords" } as const;
  const tuning = { ...tunings.projectedPrompt.defaults, dimension: 4, ...shared };
  const searching = await scene.start(tinyFedAvg({ tuning, strategy: strategies.fedBpt.defaults }), { runId: "search" });
  await scene.join(searching, "a", { isForwardOnly: true }).when("welcome");
});

test("slopes that are not those of the lease are refused, and the right ones then count (P-251)", async () => {
  const run = runOf({ numDevices: 1, minDevices: 1, cohortSize: 1, numRounds: 1, evaluateEvery: 1 });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const client = scene.join(coordinator, "a", { isForwardOnly: true, onTask: ({ spec }) => spec.kind !== "train" });
  const { lease } = await client.when("task");
  const good = await client.prepare(lease);
  const of = (values: readonly number[], encoding: "f32" | "f16" = "f32", name = slopes) =>
    encodeParams({ [name]: { shape: [values.length], data: Float32Array.from(values) } }, encoding);
  const notFinite = of([1, 2, 3, 4, 5, 6]);
  new DataView(notFinite.buffer, notFinite.byteOffset).setFloat32(notFinite.length - 4, Number.NaN, true);
  const attempts: [what: string, submit: object, rule: string][] = [
    ["a slope less", { ...good, tensors: of([1, 2, 3, 4, 5]) }, "P-52"],
    ["a slope more", { ...good, tensors: of([1, 2, 3, 4, 5, 6, 7]) }, "P-52"],
    ["another name", { ...good, tensors: of([1, 2, 3, 4, 5, 6], "f32", "prefix/0") }, "P-51"],
    ["a slope that is no number", { ...good, tensors: notFinite }, "P-53"],
    ["a slope without bound", { ...good, tensors: of([1, 2, 3, 4, 5, 2e4]) }, "P-53"],
    ["another encoding", { ...good, tensors: of([1, 2, 3, 4, 5, 6], "f16") }, "P-54"],
    ["another number of directions", { ...good, header: { ...good.header, numSteps: 5 } }, "P-251"],
    ["scores of matrices", { ...good, header: { ...good.header, matrixScores: { "lora/0/b": 1 } } }, "P-45"],
    ["scores of components", { ...good, header: { ...good.header, componentScores: { "svdLora/0/query/e": [1] } } }, "P-236"],
    ["skipped steps", { ...good, header: { ...good.header, numSkipped: 1e6 } }, "P-251"],
    ["no slopes", { taskId: good.taskId, deviceId: good.deviceId, header: good.header }, "P-3"],
  ];
  for (const [what, submit, rule] of attempts) {
    const outcome = await new Promise((resolve) => client.socket.emit("submit", submit, resolve));
    expect(outcome, what).toMatchObject({ ok: false, rule });
  }
  expect(await client.call("submit", good)).toEqual({ ok: true, value: { outcome: "accepted" } });
  expect((await coordinator.whenDone()).steps).toHaveLength(2);
});

test("slopes a thousand times as long move the run's parameters to the same bits, but for their rounding (P-252)", async () => {
  const values: number[][] = [];
  for (const factor of [1, 1024]) {
    const coordinator = await scene.start(runOf({ numRounds: 1, evaluateEvery: 1 }), { ...twoClients, runId: `times${factor}` });
    scene.join(coordinator, "a");
    const small = scene.join(coordinator, "b", {
      isForwardOnly: true,
      onTask: async (lease) => {
        if (!isMeasured(lease)) return true;
        const submit = await small.prepare(lease);
        const data = Float32Array.of(0.5, -1, 2, 0.25, 1.5, -3).map((value) => factor * value);
        await small.call("submit", { ...submit, tensors: encodeParams({ [slopes]: { shape: [6], data } }, "f32") });
        return false;
      },
    });
    const { globalParams } = await coordinator.whenDone();
    values.push(Object.values(globalParams).flatMap(({ data }) => [...data]));
  }
  for (const [i, value] of (values[0] ?? []).entries()) expect(values[1]?.[i]).toBeCloseTo(value, 6);
});

test("no device moves to another client for a task, which was planned for what its present client can compute (P-253)", async () => {
  const coordinator = await scene.start(runOf(), { expectedClients: 2 });
  const small = scene.join(coordinator, "b", { isForwardOnly: true });
  const doneIn = (round: number) =>
    small.events.filter((event) => event.kind === "submitted" && event.lease.spec.kind === "train" && event.lease.round === round).length;
  const slow = scene.join(coordinator, "a", {
    async onTask({ spec, round }) {
      if (spec.kind === "train") await small.when("submitted", () => doneIn(round) === 2); // a free client beside tasks that wait
      return true;
    },
  });
  await coordinator.whenDone();
  expect([...slow.events, ...small.events].filter(({ kind }) => kind === "moved" || kind === "assign")).toEqual([]);
});

test("a coordinator that ends in a round with both kinds, some of each accepted, goes on with the same bits", async () => {
  const calm = await scene.start(runOf(), { ...twoClients, runId: "calm" });
  scene.join(calm, "a");
  scene.join(calm, "b", { isForwardOnly: true });
  const content = new Map<string, Uint8Array>();
  const first = await scene.start(runOf(), { ...twoClients, runId: "cut" }, { store: memoryStore(content) });
  let numDone = 0;
  const until = { onTask: ({ spec }: TaskLease) => spec.kind !== "train" || ++numDone <= 6 }; // four of the first round, two of the second
  const [a, b] = [scene.join(first, "a", until), scene.join(first, "b", { isForwardOnly: true, ...until })];
  await first.when("accepted", () => first.events.filter(({ kind }) => kind === "accepted").length === 6);
  a.close();
  b.close();
  await first.close();
  const second = await scene.start(runOf(), { ...twoClients, runId: "cut" }, { store: memoryStore(content) });
  scene.join(second, "b", { kept: b.kept, isForwardOnly: true }); // in another order
  scene.join(second, "a", { kept: a.kept });
  const [expected, found] = [await calm.whenDone(), await second.whenDone()];
  expect(found.parametersSha256).toBe(expected.parametersSha256);
  expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
  const counted: readonly Contribution["deviceId"][] = found.steps[1]?.counted ?? [];
  expect(counted).toEqual([0, 1, 2, 3]);
});
