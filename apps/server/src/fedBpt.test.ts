import {
  createRandom,
  createSearchReplica,
  type Params,
  type RunSettings,
  type SearchReplica,
  type SearchSpec,
  searchTensors,
  strategies,
  tunings,
} from "@tutti/core";
import { decodeParams, encodeParams, type TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { cutRun } from "./testing/cutRun.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();

function runOf(dimension: number, changes: Partial<RunSettings> = {}): RunSettings {
  const { tuning } = tinyFedAvg();
  const { promptDropout, positionsAfterPrefix, lossOver } = tuning;
  return tinyFedAvg({
    tuning: {
      ...tunings.projectedPrompt.defaults,
      promptTokens: 2,
      dimension,
      promptDropout,
      positionsAfterPrefix,
      lossOver,
      head: "labelWords",
    },
    strategy: strategies.fedBpt.defaults,
    quorum: 1,
    contributionEncoding: "f16",
    ...changes,
  });
}

/** The sets that a client which follows the search fetches for a task, with the search that it comes to. */
async function followed(url: string, replica: SearchReplica, lease: TaskLease) {
  const task = { round: lease.round, size: lease.expects.shapes.z?.[0] ?? 0, spec: lease.spec as SearchSpec };
  const sizes = Object.fromEntries(Object.entries(lease.parameterSets).map(([name, { numBytes }]) => [name, numBytes]));
  const names = replica.setsFor(task, sizes);
  const sets: Record<string, Params> = {};
  for (const name of names)
    sets[name] = decodeParams(await (await fetch(`${url}/blobs/${lease.parameterSets[name]?.sha256}`)).arrayBuffer());
  return { names, search: replica.follow(task, sets) };
}

test("devices of two clients search to the end of a run, and each client's search is the server's in every round (P-210)", async () => {
  const coordinator = await scene.start(runOf(9, { numRounds: 5, evaluateEvery: 5, cohortSize: 3 }), { expectedClients: 2 });
  const fetched: string[] = [];
  for (const name of ["a", "b"]) {
    const replica = createSearchReplica();
    let last: Promise<unknown> = Promise.resolve();
    const onTask = async (lease: TaskLease) => {
      if (lease.spec.kind !== "search") return true;
      const next = last.then(() => followed(coordinator.url, replica, lease));
      last = next;
      const { names, search } = await next;
      fetched.push(`${lease.round} ${names}`);
      const { plan } = await coordinator.when("planned", (event) => event.plan.round === lease.round);
      const index = plan.tasks[0]?.parameterSets.search;
      if (index !== undefined) expect(searchTensors(search)).toEqual(plan.payloads[index]);
      return true;
    };
    scene.join(coordinator, name, { onTask });
  }
  const { steps, summary, globalParams } = await coordinator.whenDone();
  expect(steps.map(({ round, step, kind }) => `${round}.${step} ${kind}`)).toEqual([
    "1.1 search",
    "2.1 search",
    "3.1 search",
    "4.1 search",
    "5.1 search",
    "5.2 evaluate",
  ]);
  expect(summary).toMatchObject({ isDone: true, sharedNames: ["z"] });
  expect(summary.evaluations).toHaveLength(1);
  expect(globalParams.z?.data.some((value) => value !== 0)).toBe(true);
  expect(fetched).toHaveLength(15);
  expect(new Set(fetched.map((one) => one.split(" ")[1]))).toEqual(new Set(["", "told"])); // never the whole
});

test("a round at 500 coordinates with 10 devices is at most 2.2 kB up and 23 kB down for each, on the wire", async () => {
  const run = runOf(500, { numDevices: 10, minDevices: 10, cohortSize: 10, numRounds: 3, evaluateEvery: 3 });
  const coordinator = await scene.start(run, { expectedClients: 10, homeless: "leave", maxPerClient: 1 });
  for (let client = 0; client < 10; client++) {
    const replica = createSearchReplica();
    const normals = createRandom(client).stream({ purpose: "moves" }); // what compresses no better than real ones
    const onTask = async (lease: TaskLease) => {
      if (lease.spec.kind !== "search") return true;
      await followed(coordinator.url, replica, lease);
      const z = { shape: [500], data: Float32Array.from({ length: 500 }, () => normals.normal()) };
      const header = { kind: "search", fitness: 0.9876543210123456 + client, stepSize: 0.9123456789012345 } as const;
      const { taskId, deviceId } = lease;
      await joined.call("submit", { taskId, deviceId, header, tensors: encodeParams({ z }, "f16") });
      return false;
    };
    const joined: ProtocolClient = scene.join(coordinator, `client ${client}`, { onTask });
  }
  const { steps } = await coordinator.whenDone();
  const later = steps.filter(({ round, kind }) => kind === "search" && round > 1);
  expect(later).toHaveLength(2);
  for (const { bytesUp, bytesDown } of later) {
    expect(bytesUp / 10).toBeLessThan(2200);
    expect(bytesDown / 10).toBeLessThan(23_000);
    expect(bytesDown / 10).toBeGreaterThan(10_000); // or nothing was told
  }
});

test("claims that no search can come to are refused, and the right one then counts (P-211)", async () => {
  const coordinator = await scene.start(runOf(4, { numDevices: 1, minDevices: 1, cohortSize: 1, numRounds: 1 }), { expectedClients: 1 });
  const client = scene.join(coordinator, "a", { onTask: ({ spec }) => spec.kind !== "search" });
  const { lease } = await client.when("task");
  expect(lease.spec).toMatchObject({
    kind: "search",
    populationSize: 5,
    numIterations: 8,
    stepSize: 1,
    toldFrom: null,
    beginsAtZero: true,
  });
  expect(lease.parameterSets).toEqual({}); // where a first round starts follows from its lease
  const good = await client.prepare(lease);
  const header = { kind: "search", fitness: 1, stepSize: 1 };
  const z = (values: readonly number[]) => encodeParams({ z: { shape: [values.length], data: Float32Array.from(values) } }, "f16");
  const attempts: [what: string, submit: object, rule: string][] = [
    ["a step size that eight iterations do not reach", { ...good, header: { ...header, stepSize: 1100 } }, "P-211"],
    ["a step size that they do not shrink to", { ...good, header: { ...header, stepSize: 3e-4 } }, "P-211"],
    ["a step size of 0", { ...good, header: { ...header, stepSize: 0 } }, "P-3"],
    ["a fitness below 0", { ...good, header: { ...header, fitness: -1 } }, "P-3"],
    ["a fitness of null", { ...good, header: { ...header, fitness: null } }, "P-3"],
    ["a fitness without bound", { ...good, header: { ...header, fitness: 1e31 } }, "P-3"],
    ["a name more", { ...good, header: { ...header, points: [1] } }, "P-3"],
    ["no move", { taskId: good.taskId, deviceId: good.deviceId, header }, "P-3"],
    ["a move of another length", { ...good, header, tensors: z([1, 2, 3]) }, "P-52"],
    ["a move too far", { ...good, header, tensors: z([1, 2, 3, 20_000]) }, "P-53"],
    ["another encoding", { ...good, header, tensors: encodeParams({ z: { shape: [4], data: new Float32Array(4) } }, "f32") }, "P-54"],
    ["another kind", { ...good, header: { kind: "train", numSteps: 1, firstLoss: 1, lastLoss: 1 } }, "P-45"],
    ["a state", { ...good, state: new Uint8Array(8) }, "P-56"],
  ];
  for (const [what, submit, rule] of attempts) {
    const outcome = await new Promise((resolve) => client.socket.emit("submit", submit, resolve));
    expect(outcome, what).toMatchObject({ ok: false, rule });
  }
  expect(await client.call("submit", { ...good, header: { kind: "search", fitness: 1, stepSize: 1090 } })).toEqual({
    ok: true,
    value: { outcome: "accepted" },
  });
  expect((await coordinator.whenDone()).steps).toHaveLength(2);
});

test("a coordinator that ends in the middle of a search, with one of its contributions accepted, goes on with the same bits", async () => {
  const run = runOf(9, { numRounds: 4, evaluateEvery: 4, cohortSize: 3 });
  const { calm, second, kept } = await cutRun(scene, run, { numAccepted: 4 }); // three of the first round, one of the second
  const replica = createSearchReplica();
  const onTask = async (lease: TaskLease) => {
    if (lease.spec.kind === "search") await followed(second.url, replica, lease); // throws where the state is another
    return true;
  };
  scene.join(second, "a", { kept, onTask });
  const [expected, found] = [await calm.whenDone(), await second.whenDone()];
  expect(found.parametersSha256).toBe(expected.parametersSha256);
  expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
});
