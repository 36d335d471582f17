import * as tf from "@tensorflow/tfjs";
import {
  createStrategy,
  type DeviceMachine,
  type EvaluationResult,
  type MethodName,
  methods,
  numCounted,
  numValues,
  type Params,
  presets,
  type RunSettings,
  residualOf,
  type StrategySummary,
} from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { federateRun, type TinyResult } from "./testing/tinyFederation.ts";
import type { TrainerTask } from "./trainer.ts";

const [numDevices, numRounds] = [4, 4];

/** A method of the comparison over four devices on the tiny roberta, read at label words. */
function runOf(name: MethodName, strategy: object = {}, training: Partial<RunSettings["training"]> = {}): RunSettings {
  const base: RunSettings = {
    ...presets.demo,
    numDevices,
    minDevices: numDevices,
    cohortSize: 3,
    numRounds,
    evaluateEvery: numRounds,
    training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, clientLearningRate: 0.01, ...training },
    paramsEncoding: "f32",
  };
  const run = methods[name].settings(base);
  const tuning = { ...run.tuning, rank: 4, alpha: 8, head: "labelWords" } as RunSettings["tuning"];
  return { ...run, tuning, strategy: { ...run.strategy, ...strategy } as RunSettings["strategy"] };
}

async function federate(run: RunSettings, machines: readonly DeviceMachine[] = []) {
  const results: TinyResult[] = [];
  const { losses, state } = await federateRun(run, { machines, onResult: (result) => results.push(result) });
  expect(tf.memory().numTensors).toBe(0);
  return { losses, results, params: createStrategy(run).globalParams(state), summary: createStrategy(run).summary(state) };
}

const isA = (name: string) => name.endsWith("/a");
const isB = (name: string) => name.endsWith("/b");
const trainings = (results: readonly TinyResult[]) =>
  results.flatMap(({ task, body, state }) => (body.kind === "train" ? [{ task, delta: body.delta, state }] : []));

beforeAll(async () => {
  await startBackend("wasm");
});

test("FFA-LoRA learns in a federation with every A as it was drawn, and only B travels back", async () => {
  const run = runOf("ffaLora");
  const { losses, results, params, summary } = await federate(run);
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  const sent = trainings(results);
  const [{ task }] = sent;
  const frozen = task.parameterSets.frozen ?? {};
  expect(Object.keys(frozen).every(isA)).toBe(true);
  for (const [name, tensor] of Object.entries(frozen)) expect(params[name], name).toEqual(tensor); // weight decay is on
  expect(sent.every(({ delta, state }) => Object.keys(delta).every(isB) && Object.keys(state?.local ?? {}).length === 0)).toBe(true);
  expect(run.training.weightDecay).toBeGreaterThan(0);
  expect(summary.evaluations).toHaveLength(1);
});

test("FedSA-LoRA learns in a federation: A travels, and each device goes on with the B that it left off with", async () => {
  const { losses, results, summary } = await federate(runOf("fedSaLora"));
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  for (const { delta, state } of trainings(results)) {
    expect(Object.keys(delta).every(isA)).toBe(true);
    expect(Object.keys(state?.local ?? {}).every(isB)).toBe(true);
    expect(Object.values(state?.local ?? {}).some(({ data }) => data.some((value) => value !== 0))).toBe(true);
  }
  const of = (protocol: string) => {
    const found = summary.evaluations[0].results.find((one: EvaluationResult) => one.protocol === protocol && one.split === "test");
    return found === undefined || "text" in found ? Number.NaN : found.lossSum / numCounted(found.confusion);
  };
  expect(of("personalised")).toBeLessThan(of("newcomer")); // who has no B yet
});

test("RoLoRA learns in a federation, B in odd rounds and A in even ones", async () => {
  const { losses, results, params } = await federate(runOf("roLora"));
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  for (const { task, delta } of trainings(results)) {
    expect(Object.keys(delta).every(task.round % 2 === 1 ? isB : isA), `round ${task.round}`).toBe(true);
    expect(Object.keys(task.parameterSets.frozen ?? {}).every(task.round % 2 === 1 ? isA : isB), `round ${task.round}`).toBe(true);
  }
  const [{ task }] = trainings(results);
  for (const [name, tensor] of Object.entries(task.parameterSets.frozen ?? {})) expect(params[name], name).not.toEqual(tensor);
});

test.each(["flexLora", "raFLora"] as const)(
  "%s learns in a federation of mixed ranks, and a device trains no component beyond its own",
  async (name) => {
    const { losses, results } = await federate(runOf(name, { ranks: [4, 1, 2] }));
    expect(losses[3]).toBeLessThan(0.9 * losses[0]);
    for (const { task, delta } of trainings(results)) {
      const rank = [4, 1, 2][task.deviceId % 3];
      for (const [factor, { shape, data }] of Object.entries(delta)) {
        const componentOf = (place: number) => (isA(factor) ? Math.floor(place / shape[1]) : place % shape[1]);
        expect(
          data.every((value, place) => componentOf(place) < rank || value === 0),
          `${factor} of rank ${rank}`,
        ).toBe(true);
        if (isB(factor))
          expect(
            data.some((value, place) => componentOf(place) === rank - 1 && value !== 0),
            `${factor} of rank ${rank}`,
          ).toBe(true);
      }
    }
  },
);

/** The difference of the first layer's queries that a device uses, b a and the residual, after its training where that is given. */
function queriesOf({ parameterSets: { global = {}, ...sets } }: TrainerTask, delta: Params = {}): Float64Array {
  const after = (factor: "a" | "b") => {
    const name = `lora/0/query/${factor}`;
    const { shape, data } = global[name] ?? { shape: [0, 0], data: [] };
    return { shape, data: Float64Array.from(data, (value, i) => value + (delta[name]?.data[i] ?? 0)) };
  };
  const { "residual/0/query/a": a, "residual/0/query/b": b, "residual/0/query/dense": dense } = residualOf(sets);
  const sum = productOf(after("b"), after("a"));
  if (a !== undefined && b !== undefined) for (const [i, value] of productOf(b, a).entries()) sum[i] += value;
  return sum.map((value, i) => value + (dense?.data[i] ?? 0));
}

interface Factor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

function productOf(b: Factor, a: Factor): Float64Array {
  const [[numRows = 0, rank = 0], [, numColumns = 0]] = [b.shape, a.shape];
  return Float64Array.from({ length: numRows * numColumns }, (_, at) => {
    const [row, column] = [Math.floor(at / numColumns), at % numColumns];
    return Array.from({ length: rank }).reduce<number>(
      (sum, _, r) => sum + (b.data[row * rank + r] ?? 0) * (a.data[r * numColumns + column] ?? 0),
      0,
    );
  });
}

/** That what the devices of each round start from is the mean of what those of the round before trained; all hold as many examples. */
function expectMeans(results: readonly TinyResult[]): void {
  const sent = trainings(results);
  for (let round = 2; round <= numRounds; round++) {
    const before = sent.filter(({ task }) => task.round === round - 1).map(({ task, delta }) => queriesOf(task, delta));
    const [next] = sent.filter(({ task }) => task.round === round).map(({ task }) => queriesOf(task));
    const size = Math.hypot(...(next ?? []));
    expect(size, `round ${round}`).toBeGreaterThan(0);
    for (const [i, value] of (next ?? []).entries()) {
      const mean = before.reduce((sum, values) => sum + (values[i] ?? Number.NaN) / before.length, 0);
      expect(Math.abs(value - mean), `round ${round}, value ${i}`).toBeLessThan(1e-5 * size); // f32
    }
  }
}

test("FedEx-LoRA learns in a federation, and each round starts from the mean of the effective weights", async () => {
  const { losses, results, summary } = await federate(runOf("fedExLora"));
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  expectMeans(results);
  const sets = trainings(results).map(({ task }) => `${task.round} ${Object.keys(task.parameterSets)}`);
  expect(new Set(sets.filter((one) => one.startsWith("1")))).toEqual(new Set(["1 global"]));
  expect(sets.filter((one) => !one.startsWith("1")).every((one) => one.includes("residual/0"))).toBe(true);
  expect(
    trainings(results).every(
      ({ delta, state }) => Object.keys(delta).every((name) => isA(name) || isB(name)) && Object.keys(state?.local ?? {}).length === 0,
    ),
  ).toBe(true);
  const evaluated = results.filter(({ body }) => body.kind === "evaluate");
  expect(evaluated.every(({ task }) => Object.keys(residualOf(task.parameterSets)).length > 0)).toBe(true);
  expect(summary.evaluations).toHaveLength(1);
});

test("FLoRA learns in a federation of mixed ranks: each round adds the mean of the effective weights to the residual and starts a fresh LoRA", async () => {
  const { losses, results, params } = await federate(runOf("fLora", { ranks: [4, 1, 2] }));
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  expectMeans(results);
  for (const { task, delta } of trainings(results)) {
    const rank = [4, 1, 2][task.deviceId % 3];
    for (const [name, { shape }] of Object.entries(delta)) expect(shape[isA(name) ? 0 : 1], name).toBe(rank);
    for (const [name, { data }] of Object.entries(task.parameterSets.global ?? {}))
      if (isB(name))
        expect(
          data.every((value) => value === 0),
          name,
        ).toBe(true);
  }
  for (const [name, { data }] of Object.entries(params)) if (isB(name)) expect(data.every((value) => value === 0)).toBe(true);
});

test.each(["fedExLora", "fLora"] as const)(
  "%s: devices that tune for themselves do so beside the residual, and a newcomer has W and the residual",
  async (name) => {
    const { results, summary } = await federate(runOf(name, { fineTuneEpochs: 4 }));
    const own = results.filter(({ task, body }) => body.kind === "train" && task.spec.kind === "train" && task.spec.isPersonalised);
    expect(own).toHaveLength(numDevices);
    for (const { task, body, state } of own) {
      expect(Object.keys(residualOf(task.parameterSets)).length).toBeGreaterThan(0);
      expect(body.kind === "train" && body.lastLoss < body.firstLoss).toBe(true);
      expect(Object.keys(state?.local ?? {}).some(isB)).toBe(true);
      expect(Object.keys(state?.local ?? {}).some((one) => one.startsWith("residual/"))).toBe(false);
    }
    const lossOf = (of: StrategySummary, protocol: string) => {
      const found = of.evaluations[0].results.find((one: EvaluationResult) => one.protocol === protocol && one.split === "test");
      return found === undefined || "text" in found ? Number.NaN : found.lossSum / numCounted(found.confusion);
    };
    expect(lossOf(summary, "global")).not.toBe(lossOf(summary, "newcomer")); // devices answer with their own
    expect(lossOf(summary, "newcomer")).toBe(lossOf((await federate(runOf(name))).summary, "global")); // W beside the residual
  },
);

test("FedPipe learns in a federation of unlike clients: scores come from the warm-up round, then each trains and sends its own ranks alone", async () => {
  const run = runOf("fedPipe", { ranks: [1, 2, 4], warmupRank: 2, roundSeconds: 1, minBatch: 3 });
  const machine = { flopsPerSecond: 1e12, memoryBytes: 1e9, bytesPerSecond: 1e9, baseForm: "unpacked", bits: 8 } as const;
  const slowLink = { ...machine, bytesPerSecond: 4 * 150 }; // about 150 values there and back in a second
  const { losses, results, params, summary } = await federate({ ...run, cohortSize: 4 }, [machine, slowLink, machine]);
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  const sent = trainings(results);
  const numSent = ({ delta }: (typeof sent)[number]) => numValues(delta);
  const inRound = (round: number, device: number) => sent.find(({ task }) => task.round === round && task.deviceId === device);
  const scores = results.flatMap(({ task, body }) => (body.kind === "train" && task.round === 1 ? [body.matrixScores ?? {}] : []));
  expect(scores).toHaveLength(4);
  for (const own of scores) {
    expect(Object.keys(own)).toEqual(Object.keys(params).filter(isB));
    expect(Object.values(own).every((score) => score >= 0 && Number.isFinite(score))).toBe(true);
    expect(Math.max(...Object.values(own))).toBeGreaterThan(0);
  }
  const [strong, slow, silent] = [0, 1, 3].map((device) => inRound(3, device));
  if (strong === undefined || slow === undefined || silent === undefined) throw new Error("every device trains in round 3");
  expect(numSent(slow)).toBeLessThan(numSent(silent));
  expect(numSent(silent)).toBeLessThan(numSent(strong));
  for (const { delta, task } of sent)
    for (const [name, { shape }] of Object.entries(delta)) expect(task.expects.shapes[name]).toEqual(shape);
  expect(results.some(({ task, body }) => task.round > 1 && body.kind === "train" && body.matrixScores !== undefined)).toBe(false);
  expect(summary.plans?.map(({ deviceId }) => deviceId)).toEqual([0, 1, 2]);
});

test("HetLoRA learns in a federation of mixed ranks, and each device trains and sends the components of its own alone", async () => {
  const { losses, results } = await federate(runOf("hetLora", { ranks: [4, 1, 2] }));
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  for (const { task, delta } of trainings(results)) {
    const rank = [4, 1, 2][task.deviceId % 3];
    const factors = Object.entries(delta).filter(([name]) => name.startsWith("lora/"));
    expect(factors.every(([name, { shape }]) => shape[isA(name) ? 0 : 1] === rank)).toBe(true);
    expect(factors.every(([name, { data }]) => !isB(name) || data.some((value) => value !== 0))).toBe(true);
  }
});

test("a device of HetLoRA whose last components fade loses them, and the federation learns", async () => {
  const changes = { ranks: [4], pruneTo: 0.5, penalty: 3 };
  const { losses, results } = await federate({ ...runOf("hetLora", changes), cohortSize: 4 });
  expect(losses[3]).toBeLessThan(0.9 * losses[0]);
  const ranksIn = (round: number) =>
    trainings(results)
      .filter(({ task }) => task.round === round)
      .map(({ delta }) => Object.entries(delta).find(([name]) => isA(name))?.[1].shape[0]);
  expect(ranksIn(1)).toEqual([4, 4, 4, 4]);
  expect(Math.min(...ranksIn(4).map((rank) => rank ?? 0))).toBeLessThan(4);
  const unpruned = await federate({ ...runOf("hetLora", { ...changes, penalty: 0 }), cohortSize: 4 });
  const last = trainings(unpruned.results).filter(({ task }) => task.round === 4);
  expect(last.every(({ delta }) => Object.entries(delta).every(([name, { shape }]) => !isA(name) || shape[0] === 4))).toBe(true);
});

test("FedAdapter learns in a federation that begins with the top layer, and grows by what devices report", async () => {
  const { losses, results, summary } = await federate({ ...runOf("fedAdapter", { startWidth: 1, widthStep: 1 }), cohortSize: 4 });
  expect(losses[3]).toBeLessThan(losses[0]);
  const sizesIn = (round: number) =>
    trainings(results)
      .filter(({ task }) => task.round === round)
      .map(({ delta }) => {
        const factors = Object.entries(delta).filter(([name]) => isA(name));
        return `${new Set(factors.map(([name]) => name.split("/")[1])).size} × ${factors[0]?.[1].shape[0]}`;
      })
      .sort();
  expect(sizesIn(1)).toEqual(["1 × 1", "1 × 1", "1 × 2", "2 × 1"]);
  expect(sizesIn(2)).toEqual(sizesIn(1));
  const [first, grown] = summary.sizes ?? [];
  expect(first).toEqual({ round: 1, depth: 1, width: 1 });
  expect(grown?.round).toBe(3);
});

test("SLoRA learns in a federation: elements of the matrices first, then the factors that they became, with moments of its own in each stage", async () => {
  const base = runOf("sLora", { sparseRounds: 2, density: 0.05 }, { resetMoments: false, clientLearningRate: 0.03 });
  const run = { ...base, cohortSize: numDevices, evaluateEvery: 1, tuning: { ...base.tuning, rank: 12 } as RunSettings["tuning"] };
  const { losses, results, params, summary } = await federate(run);
  expect(losses[1]).toBeLessThan(losses[0]);
  expect(losses[2]).toBeLessThan(losses[0]); // the factors go on where the elements were
  expect(losses[3]).toBeLessThan(losses[2]);
  const isSparse = (name: string) => name.startsWith("sparse/");
  for (const { task, delta, state } of trainings(results)) {
    const names = Object.keys(delta);
    expect(names.every(task.round <= 2 ? isSparse : (name) => name.startsWith("lora/")), `round ${task.round}`).toBe(true);
    expect(Object.keys(state?.moments?.v ?? {}), `round ${task.round}`).toEqual(names); // of nothing but what is trained
    if (task.round <= 2) for (const { shape } of Object.values(state?.moments?.v ?? {})) expect(shape).toEqual([51]); // of 32 × 32
    expect(state?.local).toEqual({});
  }
  expect(Object.keys(params).some(isSparse)).toBe(false);
  const scores = summary.evaluations.map(({ results: [found] }) => (found === undefined || "text" in found ? Number.NaN : found.lossSum));
  expect(scores).toHaveLength(4);
  expect(scores[3]).toBeLessThan(scores[0]);
});
