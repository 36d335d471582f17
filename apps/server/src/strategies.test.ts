import type { RunSettings } from "@tutti/core";
import { decodeParams } from "@tutti/protocol";
import { expect, test } from "vitest";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg, tinyRun } from "./testing/tinyRun.ts";

const scene = createScene();
const sgd = { ...tinyRun().training, optimizer: "sgd", clientLearningRate: 0.2 } as const;

test("SCAFFOLD sends each device its own correction once there is one, and the device applies it (P-36)", async () => {
  const run = tinyFedAvg({
    strategy: { name: "scaffold", serverLearningRate: 1 },
    training: sgd,
    numRounds: 3,
    evaluateEvery: 3,
    cohortSize: 3,
  });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  let release: () => void = () => undefined;
  const held = new Promise<boolean>((resolve) => {
    release = () => resolve(true);
  });
  const client = scene.join(coordinator, "a", { onTask: ({ round }) => (round === 2 ? held : true) });
  const first = await client.when("task", ({ lease }) => lease.round === 1);
  expect(first.lease.parameterSets.correction).toBeUndefined();
  const { plan } = await coordinator.when("planned", (event) => event.plan.round === 2);
  expect(plan.payloads).toHaveLength(4);
  const task = plan.tasks[1];
  const second = await client.when("task", ({ lease }) => lease.round === 2 && lease.deviceId === task?.deviceId);
  const blob = await fetch(`${coordinator.url}/blobs/${second.lease.parameterSets.correction?.sha256}`);
  expect(decodeParams(await blob.arrayBuffer())).toEqual(plan.payloads[task?.parameterSets.correction ?? 0]);
  release();
  const { summary } = await coordinator.whenDone();
  expect(summary).toMatchObject({ isDone: true, serverLearningRate: 1 });
});

const strategies: RunSettings["strategy"][] = [
  { name: "fedOpt", optimizer: "yogi", serverLearningRate: 0.02, beta1: 0.9, beta2: 0.99, tau: 1e-3 },
  { name: "local" },
  { name: "fedAvg", fineTuneEpochs: 3 },
];

test.each(strategies)("$name runs to its end", async (strategy) => {
  const coordinator = await scene.start(tinyFedAvg({ strategy, numRounds: 2, evaluateEvery: 2 }), { expectedClients: 2 });
  for (const name of ["a", "b"]) scene.join(coordinator, name);
  const { summary, steps } = await coordinator.whenDone();
  expect(summary).toMatchObject({ isDone: true, round: 2 });
  const [evaluation] = summary.evaluations;
  expect(evaluation).toMatchObject({ round: 2, numAnswered: 4 });
  const isFineTuned = strategy.name === "fedAvg";
  expect(steps.map(({ round, step, kind }) => `${round}.${step} ${kind}`)).toEqual(
    isFineTuned ? ["1.1 train", "2.1 train", "2.2 train", "2.3 evaluate"] : ["1.1 train", "2.1 train", "2.2 evaluate"],
  );
  expect(new Set(evaluation?.results.map(({ protocol }) => protocol))).toEqual(new Set(["personalised", "global", "newcomer", "zeroShot"]));
});

test("a device that trains alone sends no values", async () => {
  const coordinator = await scene.start(tinyFedAvg({ strategy: { name: "local" }, numRounds: 1 }), { expectedClients: 1 });
  const client = scene.join(coordinator, "a");
  const { lease, outcome } = await client.when("submitted");
  expect(lease.spec).toMatchObject({ kind: "train", isPersonalised: true });
  expect(lease.expects.shapes).toEqual({});
  expect(outcome).toEqual({ ok: true, value: { outcome: "accepted" } });
  expect((await coordinator.whenDone()).globalParams).toEqual({});
});

const lora = {
  method: "lora",
  rank: 2,
  alpha: 4,
  promptDropout: 0,
  positionsAfterPrefix: false,
  head: "linear",
  lossOver: "labelWords",
} as const;

test("frozen parameters travel in their own set, with the same bytes in every step, and none of them travels back (P-36, P-58)", async () => {
  const run = tinyFedAvg({ strategy: { name: "ffaLora" }, tuning: lora, numRounds: 2, evaluateEvery: 2 });
  const coordinator = await scene.start(run, { expectedClients: 1 });
  const client = scene.join(coordinator, "a");
  const first = await client.when("task", ({ lease }) => lease.round === 1);
  const { frozen, global } = first.lease.parameterSets;
  const blob = decodeParams(await (await fetch(`${coordinator.url}/blobs/${frozen?.sha256}`)).arrayBuffer());
  expect(Object.keys(blob)).toHaveLength(6); // A of queries and values in three layers
  expect(Object.keys(blob).every((name) => name.endsWith("/a"))).toBe(true);
  expect(Object.keys(first.lease.expects.shapes).filter((name) => name in blob)).toEqual([]);
  const last = await client.when("task", ({ lease }) => lease.spec.kind === "evaluate");
  expect(last.lease.parameterSets.frozen).toEqual(frozen);
  expect(last.lease.parameterSets.global?.sha256).not.toBe(global?.sha256);
  await coordinator.whenDone();
});

const family: RunSettings["strategy"][] = [
  { name: "fedSaLora" },
  { name: "roLora" },
  { name: "flexLora", ranks: [2, 1] },
  { name: "raFLora", ranks: [1, 2] },
  { name: "fedExLora", fineTuneEpochs: 0 },
  { name: "fLora", ranks: [2, 1], fineTuneEpochs: 0 },
];

test.each(family)("$name runs to its end", async (strategy) => {
  const coordinator = await scene.start(tinyFedAvg({ strategy, tuning: lora, numRounds: 2, evaluateEvery: 2 }), { expectedClients: 2 });
  for (const name of ["a", "b"]) scene.join(coordinator, name);
  const { summary, steps } = await coordinator.whenDone();
  expect(summary).toMatchObject({ isDone: true, round: 2 });
  expect(steps.map(({ round, step, kind }) => `${round}.${step} ${kind}`)).toEqual(["1.1 train", "2.1 train", "2.2 evaluate"]);
  expect(summary.evaluations[0]?.numAnswered).toBe(4);
});
