import * as tf from "@tensorflow/tfjs";
import { createStrategy, presets, type RunSettings, strategies, tunings } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { federateRun, type TinyResult } from "./testing/tinyFederation.ts";

const run: RunSettings = {
  ...presets.demo,
  numDevices: 4,
  minDevices: 4,
  cohortSize: 3,
  numRounds: 5,
  evaluateEvery: 5,
  training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, clientLearningRate: 0.02, weightDecay: 0, resetMoments: false },
  tuning: { ...presets.demo.tuning, ...tunings.svdLora.defaults, rank: 4, alpha: 16, head: "labelWords" },
  strategy: { ...strategies.fedAra.defaults, targetRank: 1 },
};

beforeAll(async () => {
  await startBackend("wasm");
});

test("FedARA learns in a federation while components die: devices train, score and keep moments of what is alive, also after rounds that they missed", async () => {
  const results: TinyResult[] = [];
  const { losses, state } = await federateRun(run, { onResult: (result) => results.push(result) });
  expect(tf.memory().numTensors).toBe(0);
  expect(losses[4]).toBeLessThan(0.95 * losses[0]);
  const numAlive: number[] = [];
  for (const { task, body, state: own } of results) {
    if (body.kind !== "train" || task.spec.kind !== "train") continue;
    const { shapes } = task.expects;
    const sizesOf = (params: object) => Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape]));
    for (const params of [body.delta, own?.moments?.m ?? {}, own?.moments?.v ?? {}, task.parameterSets.global ?? {}])
      expect(sizesOf(params)).toEqual(shapes);
    expect(own?.live).toEqual(task.spec.live);
    const alive = Object.entries(shapes).filter(([name]) => name.endsWith("/e"));
    numAlive[task.round] = alive.reduce((sum, [, [size]]) => sum + size, 0);
    const scored = Object.fromEntries(Object.entries(body.componentScores ?? {}).map(([name, scores]) => [name, [scores.length]]));
    expect(scored).toEqual(task.spec.scoresComponents === true ? Object.fromEntries(alive) : {});
  }
  const whole = numAlive[1] ?? 0;
  const target = whole / 4;
  // (1 − 1/3)³ and (1 − 2/3)³ of what is to go
  expect(numAlive.slice(1)).toEqual([
    whole,
    whole,
    Math.floor(target + (whole - target) * (8 / 27)),
    Math.floor(target + (whole - target) / 27),
    target,
  ]);
  const firstOf = (device: number) =>
    results.filter(({ task }) => task.deviceId === device && task.spec.kind === "train").map(({ task }) => task.round);
  expect([0, 1, 2, 3].some((device) => firstOf(device).some((round, at, all) => at > 0 && round > (all[at - 1] ?? 0) + 1))).toBe(true);
  const left = Object.entries(createStrategy(run).globalParams(state)).flatMap(([name, { data }]) =>
    name.endsWith("/e") ? [...data] : [],
  );
  expect(left.filter((value) => value !== 0)).toHaveLength(target);
});
