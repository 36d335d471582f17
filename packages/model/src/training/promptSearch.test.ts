import * as tf from "@tensorflow/tfjs";
import {
  createRandom,
  createStrategy,
  type Params,
  presets,
  type RunSettings,
  searched,
  startSearch,
  strategies,
  type TaskSpec,
} from "@tutti/core";
import { beforeEach, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { computeTask, setsForTask } from "../deviceTasks.ts";
import { countPasses } from "../testing/countedPasses.ts";
import { federateRun, tinyPlace } from "../testing/tinyFederation.ts";
import { projectionOf } from "../tuning/projectedPrompt.ts";
import { predictAll } from "./evaluation.ts";
import type { EncodedExample } from "./objective.ts";
import { corruptExample, searchPrompt } from "./promptSearch.ts";

const tuning = {
  method: "projectedPrompt",
  promptTokens: 3,
  dimension: 12,
  spread: 4,
  promptDropout: 0,
  positionsAfterPrefix: false,
  head: "labelWords",
  lossOver: "labelWords",
} as const;

const run: RunSettings = {
  ...presets.demo,
  numDevices: 4,
  minDevices: 4,
  cohortSize: 4,
  numRounds: 5,
  evaluateEvery: 5,
  tuning,
  strategy: { ...strategies.fedBpt.defaults, populationSize: 6, numIterations: 5, corruptFraction: 0, maxExamples: 16 },
};

beforeEach(async () => {
  await startBackend("wasm");
});

const search = (corruptFraction: number, seed = 3) => ({
  start: startSearch(tuning.dimension, "full", 1),
  spec: { numIterations: 2, populationSize: 4, corruptFraction },
  candidates: createRandom(seed).stream({ purpose: "candidates" }),
  corruption: createRandom(seed).stream({ purpose: "corruption" }),
});

function encodedTexts(place: ReturnType<typeof tinyPlace>): EncodedExample[] {
  return place.reader.encode(place.examplesOf({ kind: "share", index: 0 }).train.slice(0, 6));
}

test("devices search a prompt together that lowers the loss, and leave no tensor", async () => {
  const prompted = { ...tuning, promptTokens: 6, dimension: 24 };
  const strategy = { ...strategies.fedBpt.defaults, populationSize: 8, numIterations: 6, corruptFraction: 0, maxExamples: 24 };
  const all = { numDevices: 3, minDevices: 3, cohortSize: 3, numRounds: 4, evaluateEvery: 1 };
  const fitness = [0, 0, 0, 0];
  const { state } = await federateRun(
    { ...run, ...all, tuning: prompted, strategy },
    {
      onResult({ task, body }) {
        if (body.kind === "search") fitness[task.round - 1] += body.fitness / 3;
      },
    },
  );
  expect(fitness[3]).toBeLessThan(0.97 * fitness[0]); // what each device finds by itself on its own examples
  const { evaluations, isDone } = createStrategy(run).summary(state);
  expect([isDone, evaluations.length]).toEqual([true, 4]);
  const lossOf = (at: number, protocol: string) => {
    const [result] = evaluations.at(at)?.results.filter((one) => one.protocol === protocol && one.split === "test") ?? [];
    return result?.lossSum ?? Number.NaN;
  };
  expect(lossOf(-1, "global")).toBeLessThan(0.96 * lossOf(0, "global")); // of texts that nobody searched with
  expect(lossOf(-1, "global")).toBeLessThan(0.85 * lossOf(0, "zeroShot"));
  expect(tf.memory().numTensors).toBe(0);
});

test("a search runs each point forward, and nothing backward: twice where the fitness looks at corrupted texts, too", async () => {
  const place = tinyPlace(run);
  for (const [corruptFraction, perPoint] of [
    [0, 1],
    [0.5, 2],
  ] as const) {
    const { tuned, passes } = countPasses(place.reader.tuned);
    const steps: number[] = [];
    await searchPrompt(tuned, encodedTexts(place), {
      ...search(corruptFraction),
      onStep: ({ step, numSteps }) => steps.push(step / numSteps),
    });
    expect(passes).toEqual({ forward: 9 * perPoint, withGradient: 0, backward: 0 });
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => step / 9));
  }
  place.transformer.dispose();
});

test("the fitness is the loss at the last mean over that on the corrupted texts", async () => {
  const place = tinyPlace(run);
  const { tuned } = place.reader;
  const examples = encodedTexts(place);
  const { displacement, fitness } = await searchPrompt(tuned, examples, search(0.6));
  const params: Params = { [searched]: { shape: [12], data: Float32Array.from(displacement) } };
  const again = search(0.6);
  const corrupted = examples.map((example) => corruptExample(example, tuned.transformer.config, again));
  const [clean, other] = await Promise.all([examples, corrupted].map((texts) => predictAll(tuned, params, texts)));
  const sum = (losses: readonly number[] = []) => losses.reduce((total, loss) => total + loss, 0);
  expect(fitness).toBeCloseTo(sum(clean?.losses) / sum(other?.losses), 12);
  expect(corrupted).not.toEqual(examples);
  place.transformer.dispose();
});

test("a corrupted text keeps its length, mask, answer and ends, and has another token at this share of the others", () => {
  const config = { vocabSize: 50_000, isCausal: false };
  const ids = Array.from({ length: 1001 }, (_, i) => i);
  const at = (share: number, more: Partial<EncodedExample> = {}, isCausal = false) => {
    const options = { ...search(share), spec: { ...search(share).spec, corruptFraction: share } };
    return corruptExample({ ids, maskPosition: 500, label: 1, ...more }, { ...config, isCausal }, options);
  };
  const changed = (example: EncodedExample) => example.ids.flatMap((id, i) => (id === i ? [] : [i]));
  expect(changed(at(0.3)).length / 1000).toBeCloseTo(0.3, 1);
  expect(changed(at(0))).toEqual([]);
  expect(at(1)).toMatchObject({ maskPosition: 500, label: 1 });
  const all = new Set(changed(at(1)));
  expect([0, 500, 1000].filter((i) => all.has(i))).toEqual([]);
  expect(all.size).toBeGreaterThan(990);
  const causal = changed(at(1, { maskPosition: null, answer: { start: 400, numBytes: 9 } }, true));
  expect([Math.min(...causal), Math.max(...causal)]).toEqual([1, 399]);
});

test("the projection is the same bits on every backend, with the standard deviation that was asked for", async () => {
  const hashes = new Set<string>();
  for (const backend of ["cpu", "wasm"] as const) {
    await startBackend(backend);
    const place = tinyPlace(run);
    const values = projectionOf(place.transformer, tuning, createRandom(5));
    hashes.add([...values].join());
    const table = place.transformer.wordRows(Array.from({ length: place.transformer.config.vocabSize }, (_, i) => i));
    const deviation = (list: Float32Array) => {
      const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
      return Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length);
    };
    expect(deviation(values) / ((4 * deviation(table)) / Math.sqrt(12))).toBeCloseTo(1, 1); // of 1,152 draws
    const other = projectionOf(place.transformer, tuning, createRandom(6));
    expect(other).not.toEqual(values);
    place.transformer.dispose();
  }
  expect(hashes.size).toBe(1);
});

test("the same task gives the same bits again, and another device other points", async () => {
  const strategy = createStrategy(run);
  const spec = strategy.schedule(run)[0]?.spec as TaskSpec & { kind: "search" };
  const results: string[] = [];
  for (const deviceId of [1, 1, 2]) {
    const place = tinyPlace(run);
    const digest = "f1a5d9a1b0000000";
    const expects = { shapes: { z: [12] }, encoding: "f32", batchSize: 8, numExamples: 24 } as const;
    const task = {
      deviceId,
      stage: "train",
      round: 1,
      attempt: 1,
      spec: { ...spec, numIterations: 1, populationSize: 2, digest },
      parameterSets: {},
      expects,
    } as const;
    const examples = place.examplesOf({ kind: "share", index: 0 });
    const refused = await computeTask({ place, examples, task, state: null }).catch((error: Error) => error.message);
    const found = /not the server's \((\w{16}), expected f1a5d9a1b0000000\)/.exec(String(refused))?.[1] ?? "";
    expect(setsForTask(place, { ...task, setSizes: {} })).toEqual([]);
    const { body, state } = await computeTask({ place, examples, task: { ...task, spec: { ...task.spec, digest: found } }, state: null });
    expect(state).toBeNull(); // a device keeps nothing of it
    results.push(JSON.stringify(body.kind === "search" ? [...(body.delta.z?.data ?? []), body.fitness] : null));
    place.transformer.dispose();
  }
  expect(results[0]).toBe(results[1]);
  expect(results[0]).not.toBe(results[2]);
});
