import * as tf from "@tensorflow/tfjs";
import { createStrategy, frozenOf, methods, norm, presets, type RunSettings, subtract } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { federateRun, type TinyResult } from "./testing/tinyFederation.ts";

const [numDevices, numCores] = [4, 3];

/** FedTT or FedTT+ over four devices on the tiny roberta, whose width 32 is 8 · 4, read at label words. */
function runOf(name: "fedTt" | "fedTtPlus", numRounds: number): RunSettings {
  const base: RunSettings = {
    ...presets.demo,
    numDevices,
    minDevices: numDevices,
    cohortSize: 3,
    numRounds,
    evaluateEvery: numRounds,
    training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, clientLearningRate: 0.02 },
    paramsEncoding: "f32",
  };
  const run = methods[name].settings(base);
  const tuning = { ...run.tuning, bottleneck: 4, rank: 3, maxFactor: 8, head: "labelWords" } as RunSettings["tuning"];
  return { ...run, tuning };
}

async function federate(run: RunSettings) {
  const results: TinyResult[] = [];
  const { losses, state } = await federateRun(run, { onResult: (result) => results.push(result) });
  expect(tf.memory().numTensors).toBe(0);
  return { losses, results, params: createStrategy(run).globalParams(state) };
}

beforeAll(async () => {
  await startBackend("wasm");
});

test("FedTT learns in a federation, and from its first round on every core moves", async () => {
  const { losses, results } = await federate(runOf("fedTt", 2));
  expect(losses[1]).toBeLessThan(losses[0]);
  for (const { body } of results) {
    if (body.kind !== "train") continue;
    for (const [name, tensor] of Object.entries(body.delta)) expect(norm({ [name]: tensor }), name).toBeGreaterThan(0);
  }
});

test("FedTT+ learns in a federation: in every round the moving core of each matrix changes, and no frozen one, though weights decay", async () => {
  const numRounds = 5;
  const run = runOf("fedTtPlus", numRounds);
  expect(run.training.weightDecay).toBeGreaterThan(0);
  const { losses, results, params } = await federate(run);
  expect(losses[numRounds - 1]).toBeLessThan(0.95 * losses[0]);
  const rounds = results.flatMap(({ task, body, state }) => (body.kind === "train" ? [{ task, delta: body.delta, state }] : []));
  expect(rounds).toHaveLength(3 * numRounds);
  for (const { task, delta, state } of rounds) {
    const moving = String((task.round + numCores - 2) % numCores);
    const names = Object.keys(delta);
    expect(names.every((name) => name.endsWith(`/${moving}`))).toBe(true);
    for (const name of names) expect(norm({ [name]: delta[name] }), `round ${task.round}, ${name}`).toBeGreaterThan(0);
    expect(Object.keys(frozenOf(task.parameterSets))).toHaveLength((numCores - 1) * names.length);
    expect(state?.local).toEqual({});
  }
  // what the last round froze is what the run ends with
  const last = rounds.at(-1)?.task.parameterSets ?? {};
  const frozen = frozenOf(last);
  expect(norm(subtract(Object.fromEntries(Object.keys(frozen).map((name) => [name, params[name]])), frozen))).toBe(0);
});
