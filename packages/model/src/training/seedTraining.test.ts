import * as tf from "@tensorflow/tfjs";
import {
  createRandom,
  createStrategy,
  initialParams,
  inSteps,
  moveAtOnce,
  onGrid,
  type Params,
  type PerturbBody,
  presets,
  type RunSettings,
  scalars,
  seedPool,
  strategies,
  type TaskSpec,
  tunedShape,
  tunings,
} from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { computeTask, setsForTask } from "../deviceTasks.ts";
import { federateRun, tinyPlace } from "../testing/tinyFederation.ts";
import { meanLoss } from "./meanLoss.ts";
import type { EncodedExample } from "./objective.ts";
import { perturbedBackbone, perturbedWeights } from "./perturbedWeights.ts";
import { perturbedParams, type SeedTraining, trainBySeeds } from "./seedTraining.ts";

const common = { promptDropout: 0, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords" } as const;
const prefix = { ...tunings.prefix.defaults, ...common, promptTokens: 3 };
const lora = { ...tunings.lora.defaults, ...common };
const full = { ...tunings.full.defaults, ...common };

const sizes = { numDevices: 2, minDevices: 2, cohortSize: 2, numRounds: 2, evaluateEvery: 2 };

function runOf(tuning: RunSettings["tuning"], clientLearningRate = 2 ** -6, numSteps = 12): RunSettings {
  const training = { ...presets.demo.training, batchSize: 24, clientLearningRate };
  return { ...presets.demo, ...sizes, tuning, training, strategy: { ...strategies.fedKSeed.defaults, numSeeds: 256, numSteps } };
}

beforeEach(async () => {
  await startBackend("wasm");
});

const spec = (places: readonly number[], learningRate = 2 ** -6) => ({
  places,
  perturbation: 2 ** -11,
  learningRate,
  maxScalar: 1000,
  pool: { numSeeds: 16, gridBits: 20, version: 0, changedFrom: null, digest: "0".repeat(16) },
});

const trainingOf = (places: readonly number[], batchSize = 8): SeedTraining => ({
  spec: spec(places),
  seeds: seedPool(createRandom(3), 16),
  batchSize,
  shuffle: createRandom(3).stream({ purpose: "shuffle" }),
});

function textsOf(place: ReturnType<typeof tinyPlace>): EncodedExample[] {
  return place.reader.encode(place.examplesOf({ kind: "share", index: 0 }).train.slice(0, 8));
}

const startOf = (place: ReturnType<typeof tinyPlace>): Params =>
  Object.fromEntries(
    Object.entries(initialParams(place.layout.entries, place.random)).map(([name, { shape, data }]) => [
      name,
      { shape, data: onGrid(data, 20) },
    ]),
  );

describe.each([
  ["prompts in every layer", prefix, 1],
  ["LoRA", lora, 2 ** -7],
  ["all weights of the layers", full, 2 ** -10],
] as const)("devices that tune %s by a pool of seeds", (_, tuning, rate) => {
  test("lower the loss together, with forward passes alone, and leave no tensor", async () => {
    const run = runOf(tuning, rate);
    const found: PerturbBody[] = [];
    const { state } = await federateRun(run, { onResult: ({ body }) => body.kind === "perturb" && found.push(body) });
    expect(found).toHaveLength(4);
    for (const { firstLoss, lastLoss } of found) expect(lastLoss).toBeLessThan(firstLoss); // of the same 24 examples
    const sum = (bodies: readonly PerturbBody[]) => bodies.reduce((total, { firstLoss }) => total + firstLoss, 0);
    expect(sum(found.slice(2))).toBeLessThan(sum(found.slice(0, 2))); // both devices begin the second round with what both found
    const { evaluations, isDone } = createStrategy(run).summary(state);
    expect(isDone).toBe(true);
    const lossOf = (protocol: string) =>
      evaluations[0]?.results.find((one) => one.protocol === protocol && one.split === "test")?.lossSum ?? Number.NaN;
    expect(lossOf("global")).toBeLessThan(0.98 * lossOf("zeroShot")); // of texts that nobody trained with
    expect(tf.memory().numTensors).toBe(0);
  });
});

test("a scalar is the slope between two losses, and a step goes against it, as computed by hand", async () => {
  const place = tinyPlace(runOf(prefix));
  const { tuned } = place.reader;
  const examples = textsOf(place);
  const start = startOf(place);
  const training = trainingOf([5, 11]);
  const { scalars: found, numSkipped } = await trainBySeeds(perturbedParams(tuned, start), examples, training);
  const lossAt = (moves: readonly [place: number, amount: number][]) => {
    const params = Object.fromEntries(Object.entries(start).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
    moveAtOnce(
      params,
      moves.map(([at, amount]) => ({ seed: training.seeds[at] ?? 0, amount })),
    );
    return meanLoss(tuned, params, examples, undefined);
  };
  const epsilon = 2 ** -11;
  const first = ((await lossAt([[5, epsilon]])) - (await lossAt([[5, -epsilon]]))) / (2 * epsilon);
  expect(found[0]).toBeCloseTo(first, 2); // losses near 1 in f32, over 2⁻¹⁰
  const step = inSteps(-(2 ** -6) * (found[0] ?? 0), 20) / 2 ** 20;
  const moved = (amount: number) =>
    lossAt([
      [5, step],
      [11, amount],
    ]);
  expect(found[1]).toBeCloseTo(((await moved(epsilon)) - (await moved(-epsilon))) / (2 * epsilon), 2);
  expect(Math.abs(found[0] ?? 0)).toBeGreaterThan(0.05); // or the two could not be told from 0
  expect(numSkipped).toBe(0);
  place.transformer.dispose();
});

test("a step whose losses are not finite is skipped, and a task of nothing but such ones says so", async () => {
  const moves: number[] = [];
  const model = (bad: (call: number) => boolean) => {
    let call = 0;
    return {
      lossAt: async () => (bad(call++) ? Number.NaN : 1 + call / 1024),
      move: ({ amount }: { amount: number }) => void moves.push(amount),
      restore: () => undefined,
    };
  };
  const examples = [{ ids: [1, 2], maskPosition: null, label: 0 }];
  const steps: number[] = [];
  const result = await trainBySeeds(
    model((call) => call === 3),
    examples,
    { ...trainingOf([1, 2, 3]), onStep: ({ step }) => steps.push(step) },
  );
  expect(result).toMatchObject({ numSkipped: 1 });
  expect([...result.scalars]).toEqual([-1, 0, -1]); // losses fall by 2⁻¹⁰ from one to the next
  expect([moves.length, steps]).toEqual([2, [1, 2, 3]]);
  await expect(
    trainBySeeds(
      model(() => true),
      examples,
      trainingOf([1, 2]),
    ),
  ).rejects.toThrow(/the loss of step 2 is not finite/);
  await expect(
    trainBySeeds(
      model(() => false),
      examples,
      trainingOf([16]),
    ),
  ).rejects.toThrow(/seed 16 of 16/);
});

describe("all weights, a layer at a time", () => {
  test("are W + Δ and a perturbation of it, the same bits on cpu and wasm, and what was moved is taken back exactly", async () => {
    const losses: number[][] = [];
    for (const backend of ["cpu", "wasm"] as const) {
      await startBackend(backend);
      const place = tinyPlace(runOf(full));
      const start = startOf(place);
      const before = JSON.stringify(Object.values(start).map(({ data }) => [...data]));
      const model = perturbedWeights(place.reader.tuned, place.backbone, start);
      const movement = { seed: 77, amount: 2 ** -6 };
      const offsets = { "full/layers.1.attention.output.weight": 4711 };
      const made = perturbedBackbone(place.backbone, start, { movement, offsets }).tensor("layers.1.attention.output.weight");
      const frozen = place.backbone.tensor("layers.1.attention.output.weight");
      const differences = made.data.map((value, i) => Math.sign(value - (frozen.data[i] ?? 0)));
      const signs = { w: { shape: [4711 + differences.length], data: new Float32Array(4711 + differences.length) } };
      moveAtOnce(signs, [{ seed: 77, amount: 1 }]);
      expect(differences).toEqual(signs.w.data.slice(4711));
      const examples = textsOf(place);
      const ofAll = async () => [
        await model.lossAt({ seed: 1, amount: 0 }, examples, undefined),
        await model.lossAt(movement, examples, undefined),
      ];
      const [still, tried] = await ofAll();
      // the ordinary tuner of full fine-tuning, at the same differences
      expect(still).toBeCloseTo(await meanLoss(place.reader.tuned, start, examples, undefined), 5);
      expect(tried).not.toBeCloseTo(still ?? 0, 3);
      model.move(movement);
      const [moved] = await ofAll();
      expect(moved).toBe(tried); // the same weights, bit for bit
      expect(moved).toBeCloseTo(await meanLoss(place.reader.tuned, start, examples, undefined), 5);
      model.restore();
      expect(JSON.stringify(Object.values(start).map(({ data }) => [...data]))).toBe(before);
      losses.push([still ?? 0, tried ?? 0]);
      place.transformer.dispose();
      expect(tf.memory().numTensors).toBe(0);
    }
    for (const [at, loss] of (losses[0] ?? []).entries()) expect(losses[1]?.[at]).toBeCloseTo(loss, 4); // the backends' sums differ
  });

  test("never stand on the backend as a second copy", async () => {
    const place = tinyPlace(runOf(full));
    const numLayers = place.transformer.config.numLayers;
    const numTuned = place.layout.numValues;
    const model = perturbedWeights(place.reader.tuned, place.backbone, startOf(place));
    const examples = textsOf(place).slice(0, 1);
    await model.lossAt({ seed: 5, amount: 0 }, examples, undefined); // uploads what stays
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(async () => {
      await model.lossAt({ seed: 5, amount: 2 ** -11 }, examples, undefined);
    });
    // of a layer WASM holds W and Wᵀ; the states of one short text are beside them
    expect(peakBytes).toBeGreaterThan(before + (4 * 2 * numTuned) / numLayers / 2);
    expect(peakBytes).toBeLessThan(before + (4 * 2 * numTuned) / numLayers + 60_000);
    expect(tf.memory().numBytes).toBe(before);
    place.transformer.dispose();
  });
});

test("a device's task follows the pool, tells the replay, and gives the same bits again", async () => {
  const run = runOf(prefix, 2 ** -5, 4);
  const strategy = createStrategy(run);
  const place = tinyPlace(run);
  const examples = place.examplesOf({ kind: "share", index: 0 });
  const { entries } = place.layout;
  const state = strategy.init(run, tunedShape(entries), initialParams(entries, place.random));
  const roster = [0, 1].map((id) => ({ id, numExamples: 24, isConnected: true }));
  const bits: string[] = [];
  let next = state;
  for (let round = 1; round <= 2; round++) {
    const plan = strategy.plan(next, roster, place.random, 1);
    if (!("tasks" in plan)) throw new Error("no plan");
    const contributions = [];
    for (const { deviceId, spec: planned, parameterSets, expects } of plan.tasks) {
      const leased = { deviceId, stage: "train", round, attempt: 1, spec: planned, expects } as const;
      const all = Object.fromEntries(Object.entries(parameterSets).map(([name, index]) => [name, plan.payloads[index] ?? {}]));
      const names = setsForTask(place, { ...leased, setSizes: Object.fromEntries(Object.keys(all).map((name) => [name, 1])) }) ?? [];
      const task = { ...leased, parameterSets: Object.fromEntries(names.map((name) => [name, all[name] ?? {}])) };
      const told: string[] = [];
      const onStep = ({ step, numSteps, phase = "step" }: { step: number; numSteps: number; phase?: string }) =>
        told.push(`${phase} ${step}/${numSteps}`);
      const { body, state: kept } = await computeTask({ place, examples, task, state: null, onStep });
      expect(kept).toBeNull();
      if (body.kind !== "perturb") throw new Error("another kind");
      const again = await computeTask({ place, examples, task, state: null });
      expect(again.body).toEqual(body);
      bits.push([...(body.delta[scalars]?.data ?? [])].join());
      expect(told.filter((one) => one.startsWith("step"))).toEqual(["step 1/4", "step 2/4", "step 3/4", "step 4/4"]);
      const isReplayed = round === 2 && deviceId === plan.tasks[0]?.deviceId;
      expect(told.some((one) => /^replay (\d+)\/\1$/.test(one))).toBe(isReplayed); // then the tab is there for all its devices
      contributions.push({ deviceId, numExamples: 24, body });
    }
    next = strategy.aggregate(next, plan, contributions);
  }
  expect(new Set(bits).size).toBe(4);
  place.transformer.dispose();
});

test("an evaluation's parameters follow from the pool, too", async () => {
  const run = runOf(prefix, 2 ** -5, 4);
  const [evaluation] = createStrategy(run)
    .schedule(run)
    .flatMap(({ spec: one }) => (one.kind === "evaluate" ? [one] : []));
  expect((evaluation as TaskSpec & { kind: "evaluate" }).pool).toMatchObject({ numSeeds: 256, gridBits: 20 });
});
