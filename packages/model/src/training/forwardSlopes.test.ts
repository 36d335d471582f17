import * as tf from "@tensorflow/tfjs";
import { directionSeed, initialParams, type Params, presets, type RunSettings, signAt, slopes, sortedNames, strategies } from "@tutti/core";
import { beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { computeTask } from "../deviceTasks.ts";
import { countPasses } from "../testing/countedPasses.ts";
import { federateRun, tinyPlace } from "../testing/tinyFederation.ts";
import type { TrainerTask } from "../trainer.ts";
import { flattenTuned, unflattenTuned } from "../tuning/layout.ts";
import { measureSlopes } from "./forwardSlopes.ts";
import { vectorGradient } from "./gradient.ts";
import { type EncodedExample, labelledBatch } from "./objective.ts";

const forwardTier = { numDirections: 5, perturbation: 0.01, maxExamples: 6 };
const forward = { seed: 4_294_967_293, ...forwardTier };

const run: RunSettings = {
  ...presets.demo,
  numDevices: 4,
  minDevices: 4,
  cohortSize: 4,
  numRounds: 6,
  evaluateEvery: 6,
  tuning: { ...presets.demo.tuning, head: "labelWords", lossOver: "labelWords", promptTokens: 2, promptDropout: 0 },
  training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, weightDecay: 0 },
  strategy: { ...strategies.fedAvg.defaults, forwardTier },
};

beforeEach(async () => {
  await startBackend("wasm");
});

function taskOf(spec: object, shapes: TrainerTask["expects"]["shapes"], global: Params): TrainerTask {
  return {
    ...{ deviceId: 1, stage: "train", round: 2, attempt: 1, parameterSets: { global } },
    spec: { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false, ...spec },
    expects: { shapes, encoding: "f32", batchSize: 6, numExamples: 24 },
  };
}

test("slopes are the gradient along each direction, as a backward pass gives it", async () => {
  const place = tinyPlace(run);
  const { tuned } = place.reader;
  const params = initialParams(place.layout.entries, place.random);
  const examples: EncodedExample[] = place.reader.encode(place.examplesOf({ kind: "share", index: 0 }).train.slice(0, 6));
  const names = sortedNames(params);
  const { slopes: found, loss } = await measureSlopes(tuned, { all: params, perturbed: names }, examples, { spec: forward });
  const batch = labelledBatch(examples, tuned.transformer.config.padTokenId);
  const values = tf.tensor1d(flattenTuned(place.layout, params));
  const { loss: right, gradient: tensor } = vectorGradient(tuned, values, batch);
  const [gradient, rightLoss] = [await tensor.data<"float32">(), (await right.data())[0]];
  tf.dispose([values, right, tensor]);
  const byName = unflattenTuned(place.layout, Float32Array.from(gradient));
  const inOrder = names.flatMap((name) => [...(byName[name]?.data ?? [])]);
  const norm = Math.hypot(...inOrder);
  for (const [j, slope] of found.entries()) {
    const seed = directionSeed(forward, j);
    const along = inOrder.reduce((sum, value, i) => sum + value * signAt(seed, i), 0);
    // ε² of the third derivative, and losses of f32 over 2 ε: a hundredth of the gradient's length at most
    expect(Math.abs(slope - along)).toBeLessThan(0.01 * norm);
  }
  expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(0.2 * norm); // or the tolerance would say nothing
  expect(loss).toBeCloseTo(rightLoss, 2);
  place.transformer.dispose();
  expect(tf.memory().numTensors).toBe(0);
});

test("a device that measures runs two passes forward for each direction, and nothing backward", async () => {
  const place = tinyPlace(run);
  const { tuned, passes } = countPasses(place.reader.tuned);
  const global = initialParams(place.layout.entries, place.random);
  const task = taskOf({ forward }, { [slopes]: [5] }, global);
  const steps: number[] = [];
  const examples = place.examplesOf({ kind: "share", index: 1 });
  const own = { ...place, reader: { ...place.reader, tuned } };
  const { body, state } = await computeTask({
    place: own,
    examples,
    task,
    state: null,
    onStep: ({ step, numSteps }) => steps.push(step / numSteps),
  });
  expect(passes).toEqual({ forward: 10, withGradient: 0, backward: 0 });
  expect(steps).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  expect(body).toMatchObject({ kind: "train", numSteps: 5, delta: { slopes: { shape: [5] } } });
  expect(state).toEqual({ local: {}, moments: null, stageSteps: 5, stage: "train" });
  await computeTask({
    place: own,
    examples,
    task: taskOf({}, Object.fromEntries(Object.entries(global).map(([name, { shape }]) => [name, shape])), global),
    state: null,
  });
  expect(passes.backward).toBeGreaterThan(0); // the count sees those of a device that trains
  place.transformer.dispose();
});

test("the same task gives the same bits again, and another device other slopes", async () => {
  const place = tinyPlace(run);
  const global = initialParams(place.layout.entries, place.random);
  const slopesOf = async (deviceId: number) => {
    const task = { ...taskOf({ forward }, { [slopes]: [5] }, global), deviceId };
    const { body } = await computeTask({ place, examples: place.examplesOf({ kind: "share", index: 1 }), task, state: null });
    return body.kind === "train" ? [...(body.delta[slopes]?.data ?? [])] : [];
  };
  const [first, again, other] = [await slopesOf(1), await slopesOf(1), await slopesOf(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first); // which draws other examples
  place.transformer.dispose();
});

test("two devices that train and two that measure learn together", async () => {
  const firstLosses: Record<string, number[]> = { trains: [], measures: [] };
  const training = { ...run.training, clientLearningRate: 0.1 };
  await federateRun(
    { ...run, training, numRounds: 3, evaluateEvery: 3 },
    {
      forwardOnly: [1, 3],
      onResult({ task, body }) {
        if (task.spec.kind === "train" && body.kind === "train")
          firstLosses[task.spec.forward === undefined ? "trains" : "measures"]?.push(body.firstLoss);
      },
    },
  );
  const { trains = [], measures = [] } = firstLosses;
  expect([trains.length, measures.length]).toEqual([6, 6]);
  const mean = ([a = 0, b = 0]: readonly number[]) => (a + b) / 2;
  expect(mean(trains.slice(4))).toBeLessThan(0.95 * mean(trains));
  expect(tf.memory().numTensors).toBe(0);
});
