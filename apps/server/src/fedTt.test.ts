import { frozenOf, type RunSettings, strategies, tunings } from "@tutti/core";
import { decodeParams, type TaskLease } from "@tutti/protocol";
import { expect, test } from "vitest";
import { cutRun } from "./testing/cutRun.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const numCores = 3; // 5, and 3 · 2

function runOf(changes: Partial<RunSettings> = {}, moving: "all" | "one" = "one"): RunSettings {
  const { tuning } = tinyFedAvg();
  const { promptDropout, positionsAfterPrefix, lossOver } = tuning;
  return tinyFedAvg({
    tuning: {
      ...tunings.tensorTrain.defaults,
      bottleneck: 6,
      maxFactor: 5,
      promptDropout,
      positionsAfterPrefix,
      lossOver,
      head: "labelWords",
    },
    strategy: { ...strategies.fedTt.defaults, moving },
    quorum: 1,
    contributionEncoding: "f16",
    paramsEncoding: "f16",
    ...changes,
  });
}

const coresOf = (names: readonly string[]) => [...new Set(names.map((name) => name.slice(-1)))].join("");
const refsOf = ({ parameterSets }: TaskLease) => Object.values(parameterSets).map(({ sha256 }) => sha256);

/** All sets of a task, as its client gets them. */
async function fetchSets(url: string, { round, parameterSets }: TaskLease) {
  const fetched = Object.entries(parameterSets).map(async ([name, { sha256 }]) => {
    return [name, decodeParams(await (await fetch(`${url}/blobs/${sha256}`)).arrayBuffer())] as const;
  });
  return { round, sets: Object.fromEntries(await Promise.all(fetched)) };
}

/** A client's leases of training, and of each the blobs that it did not have. */
function watching(kind: TaskLease["spec"]["kind"] = "train") {
  const leases: TaskLease[] = [];
  const lacked: string[][] = [];
  const here = new Set<string>();
  return {
    leases,
    lacked,
    onTask(lease: TaskLease) {
      const names = Object.entries(lease.parameterSets).flatMap(([name, { sha256 }]) => (here.has(sha256) ? [] : [name]));
      for (const sha256 of refsOf(lease)) here.add(sha256);
      if (lease.spec.kind !== kind) return true;
      leases.push(lease);
      lacked.push(names);
      return true;
    },
  };
}

test("of FedTT+ one core of every matrix goes up in a round, the last one first, and down the one that others trained before", async () => {
  const run = runOf({ numDevices: 1, minDevices: 1, cohortSize: 1, numRounds: 5, evaluateEvery: 5 });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const { onTask, leases, lacked } = watching();
  scene.join(coordinator, "a", { onTask });
  const { steps, summary } = await coordinator.whenDone();
  expect(leases.map(({ expects }) => coresOf(Object.keys(expects.shapes)))).toEqual(["2", "0", "1", "2", "0"]);
  expect(leases.map(({ expects }) => Object.keys(expects.shapes).length)).toEqual(Array(5).fill(12)); // 3 layers of 2 adapters of 2 matrices
  // with label words the moving cores' set is the one that was frozen before: a device that trained gets one set in a round
  expect(lacked).toEqual([["global", "frozen/0", "frozen/1"], ["frozen/2"], ["frozen/0"], ["frozen/1"], ["frozen/2"]]);
  expect(summary).toMatchObject({ isDone: true, evaluations: [{ round: 5 }] });
  const [first, ...later] = steps.filter(({ kind }) => kind === "train");
  for (const { bytesDown, round } of later) expect(bytesDown, `round ${round}`).toBeLessThan(first?.bytesDown ?? 0);
});

test("a device that missed rounds gets every core that it lacks, and then has the server's W (P-240)", async () => {
  const run = runOf({ numDevices: 2, minDevices: 1, cohortSize: 1, numRounds: 8, evaluateEvery: 8 });
  const coordinator = await scene.start(run, { expectedClients: 2, homeless: "leave", maxPerClient: 1 });
  const fetched: Awaited<ReturnType<typeof fetchSets>>[] = [];
  const clients = ["a", "b"].map((name) => {
    const watched = watching();
    const check = async (lease: TaskLease) => {
      if (lease.spec.kind === "train") fetched.push(await fetchSets(coordinator.url, lease));
      return watched.onTask(lease);
    };
    scene.join(coordinator, name, { onTask: check });
    return watched;
  });
  await coordinator.whenDone();
  for (const { round, sets } of fetched) {
    const { plan } = await coordinator.when("planned", (event) => event.plan.round === round);
    const planned = Object.entries(plan.tasks[0]?.parameterSets ?? {}).map(([name, index]) => [name, plan.payloads[index]]);
    expect(sets).toEqual(Object.fromEntries(planned));
    expect(Object.keys({ ...sets.global, ...frozenOf(sets) }), `round ${round}`).toHaveLength(12 * numCores);
  }
  const sampled = clients.flatMap(({ leases, lacked }) =>
    leases.map(({ round }, at) => ({ round, gap: at === 0 ? null : round - (leases[at - 1]?.round ?? 0), lacked: lacked[at] ?? [] })),
  );
  expect(sampled.map(({ round }) => round).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  for (const { gap, lacked, round } of sampled) {
    if (gap === null)
      expect(lacked, `round ${round}`).toHaveLength(numCores); // global, and two frozen ones
    else expect(lacked.length, `round ${round}`).toBe(Math.min(gap, numCores));
  }
  expect(sampled.some(({ gap }) => gap !== null && gap > 1)).toBe(true);
});

test("of FedTT all cores go both ways in every round", async () => {
  const coordinator = await scene.start(runOf({ numRounds: 2, evaluateEvery: 2 }, "all"), { expectedClients: 1 });
  const { onTask, leases } = watching();
  scene.join(coordinator, "a", { onTask });
  const { globalParams } = await coordinator.whenDone();
  expect(leases.map(({ parameterSets, expects }) => [Object.keys(parameterSets), Object.keys(expects.shapes).length])).toEqual(
    Array(4).fill([["global"], 12 * numCores]),
  );
  expect(Object.keys(globalParams)).toHaveLength(12 * numCores);
});

test.each(["one", "all"] as const)(
  "a coordinator that ends with one of a round's contributions accepted goes on with the same bits, with %s core moving",
  async (moving) => {
    const run = runOf({ numRounds: 5, evaluateEvery: 5, cohortSize: 3 }, moving);
    const { calm, second, kept } = await cutRun(scene, run, { numAccepted: 4 }); // three of the first round, one of the second
    scene.join(second, "a", { kept });
    const [expected, found] = [await calm.whenDone(), await second.whenDone()];
    expect(found.parametersSha256).toBe(expected.parametersSha256);
    expect(found.globalParams).toEqual(expected.globalParams);
    expect(found.steps.map(({ counted }) => counted)).toEqual(expected.steps.map(({ counted }) => counted));
  },
);
