import { join } from "node:path";
import {
  createRandom,
  createSeedReplica,
  type Params,
  type PerturbSpec,
  type RunSettings,
  type SeedReplica,
  scalars,
  shapesOf,
  strategies,
  tunings,
} from "@tutti/core";
import { decodeParams, encodeParams, type TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { cutRun } from "./testing/cutRun.ts";
import type { ProtocolClient } from "./testing/protocolClient.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyTuned } from "./testing/tinyRun.ts";
import { readBackboneSizes, tunedParameters } from "./tuned.ts";

const scene = createScene();
const tinyShapes = shapesOf(tinyTuned(tinyFedAvg()).initial);

function runOf(strategy: Partial<typeof strategies.fedKSeed.defaults>, changes: Partial<RunSettings> = {}): RunSettings {
  return tinyFedAvg({
    strategy: { ...strategies.fedKSeed.defaults, numSeeds: 40, numSteps: 12, ...strategy },
    quorum: 1,
    contributionEncoding: "f16",
    paramsEncoding: "f16",
    ...changes,
  });
}

/** The sets that a client which follows the run fetches for a task, with the parameters that it comes to. */
async function followed(url: string, replica: SeedReplica, lease: TaskLease) {
  const { spec, parameterSets } = lease;
  const pool = spec.kind === "perturb" || spec.kind === "evaluate" ? spec.pool : undefined;
  if (pool === undefined) throw new Error(`a ${spec.kind} task without a pool`);
  const task = { shapes: tinyShapes, pool };
  const names = replica.setsFor(task, Object.fromEntries(Object.entries(parameterSets).map(([name, { numBytes }]) => [name, numBytes])));
  const sets: Record<string, Params> = {};
  for (const name of names) sets[name] = decodeParams(await (await fetch(`${url}/blobs/${parameterSets[name]?.sha256}`)).arrayBuffer());
  const params = await replica.follow(task, sets);
  return { names, params: Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, [...data]])) };
}

test("devices of two clients perturb to the end of a run, and each client's parameters are the server's in every round (P-220, P-221)", async () => {
  const run = runOf({}, { numRounds: 5, evaluateEvery: 5, cohortSize: 3 });
  const coordinator = await scene.start(run, { expectedClients: 2 });
  const fetched: string[] = [];
  const byRound = new Map<string, Set<string>>();
  for (const name of ["a", "b"]) {
    const replica = createSeedReplica(run.seed);
    let last: Promise<unknown> = Promise.resolve();
    const onTask = async (lease: TaskLease) => {
      const next = last.then(() => followed(coordinator.url, replica, lease));
      last = next;
      const { names, params } = await next;
      fetched.push(`${lease.round} ${names}`);
      const place = `${lease.round} ${lease.spec.kind}`;
      byRound.set(place, (byRound.get(place) ?? new Set()).add(JSON.stringify(params)));
      return true;
    };
    scene.join(coordinator, name, { onTask });
  }
  const { steps, summary, globalParams } = await coordinator.whenDone();
  expect(steps.map(({ round, step, kind }) => `${round}.${step} ${kind}`)).toEqual([
    "1.1 perturb",
    "2.1 perturb",
    "3.1 perturb",
    "4.1 perturb",
    "5.1 perturb",
    "5.2 evaluate",
  ]);
  expect(summary).toMatchObject({ isDone: true });
  expect([...byRound.values()].map((found) => found.size)).toEqual([1, 1, 1, 1, 1, 1]); // all clients come to the same bits
  const evaluated = [...(byRound.get("5 evaluate") ?? [])][0] ?? "";
  expect(JSON.parse(evaluated)).toEqual(Object.fromEntries(Object.entries(globalParams).map(([name, { data }]) => [name, [...data]])));
  expect(new Set(fetched.map((one) => one.split(" ")[1]))).toEqual(new Set(["initial", "", "changed"]));
});

test("a round of 6 devices × 200 steps tunes all of minuet's weights in at most 7.2 kB down and 1.2 kB up for each, on the wire", async () => {
  const { numSeeds, numSteps } = strategies.fedKSeed.defaults;
  const sizes = { numDevices: 6, minDevices: 6, cohortSize: 6, numRounds: 1000, evaluateEvery: 1000 };
  const { tuning } = tinyFedAvg();
  const { promptDropout, positionsAfterPrefix, lossOver } = tuning;
  const run = runOf(
    { numSeeds, numSteps },
    { ...sizes, tuning: { ...tunings.full.defaults, promptDropout, positionsAfterPrefix, lossOver, head: "labelWords" } },
  );
  const tuned = tunedParameters(run, readBackboneSizes(join(import.meta.dirname, "../../../public"), "minuet"), 4);
  const numValues = Object.values(tuned.initial).reduce((sum, { data }) => sum + data.length, 0);
  expect(numValues).toBe(6 * 198_272);
  const options = { expectedClients: 6, homeless: "leave", maxPerClient: 1 } as const;
  const coordinator = await scene.start(run, options, { tuned });
  for (let client = 0; client < 6; client++) {
    const normals = createRandom(client).stream({ purpose: "scalars" });
    const onTask = async (lease: TaskLease) => {
      const { spec, parameterSets, taskId, deviceId } = lease;
      const { places } = spec as PerturbSpec;
      // what a client fetches that took part in the round before; replaying is another test's
      const [first] = Object.entries(parameterSets).filter(([name]) => name === "changed");
      if (first !== undefined) await (await fetch(`${coordinator.url}/blobs/${first[1].sha256}`)).arrayBuffer();
      const data = Float32Array.from(places, () => 3 * normals.normal());
      const header = { kind: "perturb", numSkipped: 0, firstLoss: 1.2345, lastLoss: 1.1234 } as const;
      joined.socket.emit("progress", { taskId, step: 100, numSteps: 200, loss: 1.2345 });
      await joined.call("submit", {
        taskId,
        deviceId,
        header,
        tensors: encodeParams({ [scalars]: { shape: [data.length], data } }, "f16"),
      });
      return false;
    };
    const joined: ProtocolClient = scene.join(coordinator, `client ${client}`, { onTask });
  }
  const measured: { readonly up: number; readonly down: number }[] = [];
  for (const round of [2, 3, 4, 5]) {
    const { record } = await coordinator.when("step", (event) => event.record.round === round);
    measured.push({ up: record.bytesUp / 6, down: record.bytesDown / 6 });
  }
  // the longer a busy machine takes for a round, the more statuses come between
  const [up, down] = [Math.min(...measured.map((one) => one.up)), Math.min(...measured.map((one) => one.down))];
  expect(up).toBeLessThan(1200);
  expect(up).toBeGreaterThan(400); // 200 numbers of two bytes
  expect(down).toBeLessThan(7200);
  expect(down).toBeGreaterThan(3000); // or nothing was told
});

test("scalars that no honest device can come to are refused, and the right ones then count (P-222)", async () => {
  const run = runOf({ maxScalar: 50 }, { numDevices: 1, minDevices: 1, cohortSize: 1, numRounds: 1 });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const client = scene.join(coordinator, "a", { onTask: ({ spec }) => spec.kind !== "perturb" });
  const { lease } = await client.when("task");
  expect(lease.spec).toMatchObject({ kind: "perturb", maxScalar: 50, pool: { numSeeds: 40, version: 0, changedFrom: null } });
  expect(Object.keys(lease.parameterSets)).toEqual(["initial"]);
  expect(lease.expects).toMatchObject({ shapes: { scalars: [12] }, encoding: "f16" });
  const good = await client.prepare(lease);
  const header = { kind: "perturb", numSkipped: 0, firstLoss: 1, lastLoss: 1 } as const;
  const sent = (values: readonly number[]) =>
    encodeParams({ [scalars]: { shape: [values.length], data: Float32Array.from(values) } }, "f16");
  const ones = new Array<number>(12).fill(1);
  const attempts: [what: string, submit: object, rule: string][] = [
    ["a scalar beyond the bound", { ...good, tensors: sent([...ones.slice(1), 51]) }, "P-222"],
    ["one below it", { ...good, tensors: sent([-50.5, ...ones.slice(1)]) }, "P-222"],
    ["steps skipped that have a scalar", { ...good, tensors: sent([0, ...ones.slice(1)]), header: { ...header, numSkipped: 2 } }, "P-222"],
    ["fewer scalars", { ...good, tensors: sent(ones.slice(1)) }, "P-52"],
    ["f32", { ...good, tensors: encodeParams({ [scalars]: { shape: [12], data: new Float32Array(12) } }, "f32") }, "P-54"],
    ["a loss of null", { ...good, header: { ...header, lastLoss: null } }, "P-3"],
    ["a name more", { ...good, header: { ...header, places: [1] } }, "P-3"],
    ["no scalars", { taskId: good.taskId, deviceId: good.deviceId, header }, "P-3"],
    ["another kind", { ...good, header: { kind: "train", numSteps: 1, firstLoss: 1, lastLoss: 1 } }, "P-45"],
    ["a state", { ...good, state: new Uint8Array(8) }, "P-56"],
  ];
  for (const [what, submit, rule] of attempts) {
    const outcome = await new Promise((resolve) => client.socket.emit("submit", submit, resolve));
    expect(outcome, what).toMatchObject({ ok: false, rule });
  }
  const right = { ...good, tensors: sent([0, 50, -50, ...ones.slice(3)]), header: { ...header, numSkipped: 1 } };
  expect(await client.call("submit", right)).toEqual({ ok: true, value: { outcome: "accepted" } });
  expect((await coordinator.whenDone()).steps).toHaveLength(2);
});

test("a scalar at a bound that f16 rounds up is taken (P-222)", async () => {
  const coordinator = await scene.start(runOf({ maxScalar: 333.4 }, { numDevices: 1, minDevices: 1, cohortSize: 1, numRounds: 1 }), {
    expectedClients: 1,
  });
  const client = scene.join(coordinator, "a", { onTask: ({ spec }) => spec.kind !== "perturb" });
  const good = await client.prepare((await client.when("task")).lease);
  const sent = (value: number) => ({
    ...good,
    tensors: encodeParams({ [scalars]: { shape: [12], data: new Float32Array(12).fill(value) } }, "f16"), // 333.4 becomes 333.5
  });
  expect(await client.call("submit", sent(334))).toMatchObject({ ok: false, rule: "P-222" });
  expect(await client.call("submit", sent(333.4))).toEqual({ ok: true, value: { outcome: "accepted" } });
});

test.each(["uniform", "history"] as const)(
  "a coordinator that ends in the middle of a round, with one of its contributions accepted, goes on with the same bits (%s)",
  async (seedProbabilities) => {
    const run = runOf({ seedProbabilities }, { numRounds: 4, evaluateEvery: 4, cohortSize: 3 });
    const { calm, second, kept } = await cutRun(scene, run, { numAccepted: 4 }); // three of the first round, one of the second
    const replica = createSeedReplica(run.seed);
    const onTask = async (lease: TaskLease) => {
      await followed(second.url, replica, lease); // throws where the state is another
      return true;
    };
    scene.join(second, "a", { kept, onTask });
    const [expected, found] = [await calm.whenDone(), await second.whenDone()];
    expect(found.parametersSha256).toBe(expected.parametersSha256);
    expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
    const values = Object.values(expected.globalParams).flatMap(({ data }) => [...data]);
    expect(values).not.toEqual(Object.values(tinyTuned(run).initial).flatMap(({ data }) => [...data]));
  },
);
