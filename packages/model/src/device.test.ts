import * as tf from "@tensorflow/tfjs";
import {
  add,
  type DeviceState,
  type EvaluationResult,
  type Params,
  pickNames,
  presets,
  shapesOf,
  type TaskExpectation,
  type TaskSpec,
} from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { demoTrainer } from "./testing/demoTrainer.ts";
import type { LoadProgress, Trainer, TrainerReady, TrainerResult, TrainerTask } from "./trainer.ts";

const shared = ["prefix/1", "prefix/4", "head/weight", "head/bias"];
const trainSpec: TaskSpec = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: true };
const deviceId = 2;

let trainer: Trainer;
let ready: TrainerReady;
let initial: Params;
let progress: LoadProgress[];
let numExamples: number;

beforeAll(async () => {
  const training = { ...presets.demo.training, localEpochs: 1 };
  ({ trainer, ready, initial, progress } = await demoTrainer({ training }));
  ({ numExamples } = await trainer.addDevice(deviceId, { kind: "share", index: deviceId }));
});

function task(spec: TaskSpec, more: Partial<TrainerTask> = {}): TrainerTask {
  const parameterSets = { global: initial, initial };
  return { deviceId, stage: "train", round: 1, attempt: 1, spec, parameterSets, expects: expecting(shared), ...more };
}

function expecting(names: readonly string[], changes: Partial<TaskExpectation> = {}): TaskExpectation {
  return { shapes: shapesOf(pickNames(initial, names)), encoding: "f16", batchSize: 8, numExamples, ...changes };
}

function trained(result: TrainerResult) {
  const { body, state } = result;
  if (body.kind !== "train" || state === null) throw new Error(`expected a train contribution with a state, received ${body.kind}`);
  return { body, state };
}

test("a started trainer names its backend, passes admission and says what it trains", () => {
  expect(ready).toMatchObject({ backend: "wasm", threads: 1, reason: "WASM, because the run asks for it", kernels: "fast" });
  expect(ready.admission.isPassed).toBe(true);
  expect(ready.admission.worstError).toBeLessThan(1e-4); // f32 on wasm against f32 on the CPU
  expect(ready.shape).toMatchObject({ numLayers: 6, alwaysShared: ["head/weight", "head/bias"] });
  expect(ready.shape.layerNames[5]).toEqual(["prefix/5"]);
  expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(["backend", "backbone", "dataset", "tokenizer", "admission"]));
  expect(progress.filter(({ phase }) => phase === "backbone").at(-1)).toMatchObject({ totalBytes: expect.any(Number) });
});

test("shares of all devices hold every training row once", async () => {
  let total = 0;
  for (let index = 0; index < presets.demo.numDevices; index++) {
    total += (await trainer.addDevice(100 + index, { kind: "share", index })).numExamples;
  }
  expect(total).toBe(1056);
  await expect(trainer.addDevice(1, { kind: "share", index: 20 })).rejects.toThrow("there is no share 20");
});

test("training sends the shared differences, keeps the rest and counts K_i", async () => {
  const steps: number[] = [];
  const { body, state } = trained(await trainer.compute(task(trainSpec), null, ({ step }) => steps.push(step)));
  expect(body.numSteps).toBe(Math.ceil(numExamples / 8));
  expect(steps).toHaveLength(body.numSteps);
  expect(Object.keys(body.delta).sort()).toEqual([...shared].sort());
  expect(Object.keys(state.local).sort()).toEqual(["prefix/0", "prefix/2", "prefix/3", "prefix/5"]);
  expect(state).toMatchObject({ moments: null, stageSteps: body.numSteps, stage: "train" });
  expect(body.delta["prefix/1"].data.some((value) => Math.abs(value) > 0.01)).toBe(true);
});

test("the same task from the same state gives the same bits, another round gives others", async () => {
  const first = trained(await trainer.compute(task(trainSpec), null));
  const again = trained(await trainer.compute(task(trainSpec), null));
  expect(again.body).toEqual(first.body);
  const later = trained(await trainer.compute(task(trainSpec, { round: 2 }), null));
  expect(later.body.delta).not.toEqual(first.body.delta);
});

test("a later round starts from the device's own layers, a counting round from the payload alone", async () => {
  const first = trained(await trainer.compute(task(trainSpec), null));
  const second = trained(await trainer.compute(task(trainSpec, { round: 2 }), first.state));
  const fresh = trained(await trainer.compute(task(trainSpec, { round: 2 }), null));
  expect(second.body.firstLoss).not.toBe(fresh.body.firstLoss);
  expect(second.state.stageSteps).toBe(2 * first.body.numSteps);
  const counting: TaskSpec = { kind: "train", warmupSteps: 10, epochs: 1, isPersonalised: false };
  const whole = { parameterSets: { global: initial }, expects: expecting(Object.keys(initial)) };
  const counted = trained(await trainer.compute(task(counting, { stage: "count", ...whole }), first.state));
  expect(counted.state.local).toEqual({});
  expect(Object.keys(counted.body.delta)).toHaveLength(8);
});

test("kept moments go on within a stage, also where nothing stays on the device, and start again in another", async () => {
  const keeping = await demoTrainer({ training: { ...presets.demo.training, localEpochs: 1, resetMoments: false } });
  await keeping.trainer.addDevice(deviceId, { kind: "own", examples: ["too late", "rude staff"].map((text, label) => ({ text, label })) });
  const whole = { parameterSets: { global: initial }, expects: expecting(Object.keys(initial), { numExamples: 2 }) };
  const compute = async (stage: "count" | "train", round: number, state: DeviceState | null) => {
    const spec: TaskSpec = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: stage === "train" };
    return trained(await keeping.trainer.compute(task(spec, { stage, round, ...whole }), state));
  };
  const counted = await compute("count", 2, (await compute("count", 1, null)).state);
  expect(counted.state).toMatchObject({ stage: "count", stageSteps: 2, moments: { step: 2 } });
  const first = await compute("train", 1, counted.state);
  expect(first.state).toMatchObject({ stage: "train", stageSteps: 1, moments: { step: 1 } });
  const second = await compute("train", 2, first.state);
  expect(second.state).toMatchObject({ stage: "train", stageSteps: 2, moments: { step: 2 } });
  expect(second.body.delta).not.toEqual((await compute("train", 2, null)).body.delta);
  await keeping.trainer.stop();
});

test("evaluation predicts every row of the device, changes no state and helps after training", async () => {
  const { body, state } = trained(await trainer.compute(task(trainSpec), null));
  const protocols = ["personalised", "global", "newcomer", "zeroShot"] as const;
  const spec: TaskSpec = { kind: "evaluate", protocols, splits: ["test", "validation"] };
  const params = { ...initial, ...add(pickNames(initial, shared), body.delta) };
  const result = await trainer.compute(task(spec, { parameterSets: { global: pickNames(params, shared), initial } }), state);
  expect(result.state).toBe(state);
  const results: readonly EvaluationResult[] = result.body.kind === "evaluate" ? result.body.results : [];
  expect(results.map(({ protocol, split }) => `${protocol}/${split}`)).toEqual([
    "personalised/test",
    "personalised/validation",
    "global/test",
    "global/validation",
    "newcomer/test",
    "newcomer/validation",
    "zeroShot/test",
    "zeroShot/validation",
  ]);
  const count = (wanted: string, split: string) =>
    results
      .flatMap((one) => (one.protocol === wanted && one.split === split && "confusion" in one ? one.confusion.flat() : []))
      .reduce((a, b) => a + b, 0);
  expect(count("personalised", "validation")).toBe(0); // the validation split is dealt only evenly
  expect(count("zeroShot", "test")).toBe(count("global", "test"));
  expect(count("global", "test")).toBeGreaterThanOrEqual(14); // 288 rows over 20 devices
  const loss = (protocol: string) => results.find((one) => one.protocol === protocol && one.split === "test")?.lossSum ?? 0;
  expect(loss("personalised")).not.toBe(loss("global"));
  expect(loss("newcomer")).not.toBe(loss("global"));
});

test("a score task scores five of six layers, a probe's weights sum to one", async () => {
  const scoreSpec: TaskSpec = { kind: "score", selector: "score", minBatch: 8, dropout: false, maskPadding: true, scoreLastLayer: false };
  const score = await trainer.compute(task(scoreSpec, { stage: "score" }), null);
  expect(score.body).toMatchObject({ kind: "score", layerScores: [...Array(5).fill(expect.any(Number)), null] });
  const { body } = trained(await trainer.compute(task(trainSpec), null));
  const params = { ...initial, ...add(pickNames(initial, shared), body.delta) };
  const probe = await trainer.compute(
    task({ kind: "probe", lanczosSteps: 3 }, { stage: "count", parameterSets: { global: params } }),
    null,
  );
  if (probe.body.kind !== "probe") throw new Error("expected a probe");
  expect(probe.body.ritzValues).toHaveLength(3);
  expect(probe.body.ritzWeights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
});

test("a volunteer's own examples train, and have no evaluation rows", async () => {
  const examples = ["too late", "rude staff", "far too dear"].map((text, label) => ({ text, label }));
  expect(await trainer.addDevice(7, { kind: "own", examples })).toEqual({ numExamples: 3 });
  const expects = expecting(shared, { numExamples: 3 });
  expect(trained(await trainer.compute(task(trainSpec, { deviceId: 7, expects }), null)).body.numSteps).toBe(1);
  const spec: TaskSpec = { kind: "evaluate", protocols: ["global"], splits: ["test"] };
  const { body } = await trainer.compute(task(spec, { deviceId: 7, expects }), null);
  expect(body).toMatchObject({ results: [{ lossSum: 0 }] });
});

test("batches and epochs are the task's own, whatever the run's settings say", async () => {
  const spec: TaskSpec = { ...trainSpec, epochs: 3 };
  const expects = expecting(shared, { batchSize: 5 });
  const { body } = trained(await trainer.compute(task(spec, { expects }), null));
  expect(body.numSteps).toBe(3 * Math.ceil(numExamples / 5));
  const other = trained(await trainer.compute(task(spec), null));
  expect(other.body.numSteps).toBe(3 * Math.ceil(numExamples / 8));
  expect(other.body.delta).not.toEqual(body.delta);
});

test("a task that this device cannot do as it is meant is refused in words (P-57, P-58)", async () => {
  const compute = (changes: Partial<TrainerTask>) => trainer.compute(task(trainSpec, changes), null);
  const masked = { parameterSets: { global: initial, mask: initial } };
  await expect(compute(masked)).rejects.toThrow(
    'a set of parameters "mask", but this page knows global, initial, correction, frozen, search, told, accumulators, changed: reload it',
  );
  const more = expecting(shared, { numExamples: numExamples + 1 });
  await expect(compute({ expects: more })).rejects.toThrow(`holds ${numExamples} examples, its task is for ${numExamples + 1}: join again`);
  const shapes = { ...shapesOf(pickNames(initial, shared)), "head/bias": [5] };
  await expect(compute({ expects: expecting(shared, { shapes }) })).rejects.toThrow("tensor head/bias: the task wants shape [5] back");
  const unknown = { ...shapesOf(pickNames(initial, shared)), "prefix/6": [2, 3] };
  const wanted = { expects: expecting(shared, { shapes: unknown }) };
  await expect(compute(wanted)).rejects.toThrow("tensor prefix/6 is missing");
  await expect(compute({ ...wanted, spec: { ...trainSpec, isPersonalised: false } })).rejects.toThrow("tensor prefix/6: the task wants it");
});

test("an aborted task rejects, the next one works, and no tensors pile up", async () => {
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const aborted = trainer.compute(task(trainSpec), null, () => controller.abort(), controller.signal);
  await expect(trainer.compute(task(trainSpec), null)).rejects.toThrow("one task at a time");
  await expect(aborted).rejects.toThrow("aborted");
  trained(await trainer.compute(task(trainSpec), null));
  expect(tf.memory().numTensors).toBe(before);
  await expect(trainer.compute(task(trainSpec, { deviceId: 99 }), null)).rejects.toThrow("device 99 was not added");
});

test("P-178 in a lesson that skews the data a device trains on as many other examples, and on its own again afterwards", async () => {
  const skewed: TaskSpec = { ...trainSpec, skew: { dirichletAlpha: 0.05 } };
  const before = trained(await trainer.compute(task(trainSpec), null));
  const during = trained(await trainer.compute(task(skewed), null));
  expect(during.body.numSteps).toBe(before.body.numSteps);
  expect(during.body.delta).not.toEqual(before.body.delta);
  expect(trained(await trainer.compute(task(skewed), null)).body).toEqual(during.body);
  expect(trained(await trainer.compute(task(trainSpec), null)).body).toEqual(before.body);
});
