import * as tf from "@tensorflow/tfjs";
import { createTensor, type LoraOwn, type LoraTarget, type Params, presets, type RunSettings, tunings } from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackendName, startBackend } from "../backends.ts";
import { computeTask } from "../deviceTasks.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, probe, tinyTokens } from "../testing/layerTuners.ts";
import { cut, padded, ranksOf } from "../testing/paddedRanks.ts";
import { tinyPlace } from "../testing/tinyFederation.ts";
import type { TrainerTask } from "../trainer.ts";
import { vectorGradient } from "../training/gradient.ts";
import { trainLocally } from "../training/localTraining.ts";
import { labelledBatch } from "../training/objective.ts";
import { relativeError } from "../verify/relativeError.ts";
import { flattenTuned, tunedLayout } from "./layout.ts";
import { createLoraTuner } from "./lora.ts";
import { layoutAt } from "./ownLayout.ts";
import { momentsAt, tunedAt } from "./ownRanks.ts";

/** f32, summed in another order; a wrong scale or place is at 1e-2 and more. */
const rounding = 3e-6;
const isA = (name: string) => name.endsWith("/a");

/** The largest relative error of tensors that must agree, name by name. */
function worst(found: Params, expected: Params): number {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  return Math.max(
    ...Object.entries(expected).map(([name, { shape, data }]) => {
      expect(found[name].shape, name).toEqual(shape);
      return relativeError(found[name].data, data);
    }),
  );
}

const all: readonly LoraTarget[] = ["q", "k", "v", "o", "up", "gate", "down"];
const families = [
  ["roberta", all.filter((target) => target !== "gate")],
  ["gpt2", all.filter((target) => target !== "gate")],
  ["llama", all],
] as const;

const run: RunSettings = {
  ...presets.demo,
  numDevices: 2,
  minDevices: 2,
  cohortSize: 2,
  training: { ...presets.demo.training, localEpochs: 2, batchSize: 6, clientLearningRate: 0.01, resetMoments: false },
  tuning: {
    ...presets.demo.tuning,
    ...tunings.lora.defaults,
    rank: 5,
    alpha: 8,
    targets: ["q", "k", "v", "o", "up"],
    dropout: 0.2,
    head: "labelWords",
  },
};

function taskOf(sent: Params): TrainerTask {
  const shapes = Object.fromEntries(Object.entries(sent).map(([name, { shape }]) => [name, shape]));
  return {
    deviceId: 1,
    stage: "train",
    round: 2,
    attempt: 1,
    spec: { kind: "train", epochs: 2, warmupSteps: 0, isPersonalised: false, hasOwnRanks: true },
    parameterSets: { global: sent },
    expects: { shapes, encoding: "f32", numExamples: 24, batchSize: 6 },
  };
}

describe.each(["cpu", "wasm"] satisfies BackendName[])("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  test.each(families)("a %s at a device's own ranks has the states and gradients of the run's rank with zeros", async (family, targets) => {
    const transformer = createTransformer(goldenBackbone(family));
    const own: LoraOwn = { rank: 5, alpha: 8, targets, alphas: { k: 3 }, alphaOver: "rootRank" };
    const layout = tunedLayout(transformer.config, { method: "lora", ...own, head: "labelWords" }, 0);
    const values = drawValues(layout.entries, 0.2);
    const ofDevice = layoutAt(layout, cut(values));
    const ranks = ranksOf(values);
    const tuner = createLoraTuner(transformer, own, {
      entries: ofDevice.entries,
      ranks: (layer, { name }) => ranks.get(`lora/${layer}/${name}/a`) ?? 0,
    });
    const expected = await probe(createLoraTuner(transformer, own), padded(values), tinyTokens());
    const { numTensors } = tf.memory();
    const found = await probe(tuner, cut(values), tinyTokens());
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(relativeError(found.last, expected.last)).toBeLessThan(rounding);
    const shaped = (gradients: Readonly<Record<string, Float32Array>>, like: Params): Params =>
      Object.fromEntries(Object.entries(like).map(([name, { shape }]) => [name, { shape, data: gradients[name] }]));
    expect(Object.keys(found.gradients)).toEqual(Object.keys(cut(values)));
    expect(worst(shaped(found.gradients, cut(values)), cut(shaped(expected.gradients, values)))).toBeLessThan(10 * rounding);
    transformer.dispose();
  });

  test("a device trains to the same values as at the run's rank with zeros, whatever ranks and moments it had before, and leaves no tensor", async () => {
    const place = tinyPlace(run);
    const examples = place.examplesOf({ kind: "share", index: 1 });
    const whole = drawValues(place.layout.entries, 0.1);
    const before = { m: drawValues(place.layout.entries, 0.01, 2), v: squared(drawValues(place.layout.entries, 0.01, 3)), step: 4 };
    const state = { local: {}, moments: before, stageSteps: 4, stage: "train" as const };
    const sent = cut(whole);
    await computeTask({ place, examples, task: taskOf(whole), state }); // what the backbone keeps is kept from here on
    const { numTensors } = tf.memory();
    const { body, state: after } = await computeTask({ place, examples, task: taskOf(sent), state });
    expect(tf.memory().numTensors).toBe(numTensors);
    if (body.kind !== "train") throw new Error("a train task answers with a difference");
    const named = (purpose: string) =>
      place.random.stream({ stage: "train", round: 2, attempt: 1, device: 1, purpose: `train/${purpose}` });
    const { params: reached, moments } = await trainLocally(place.reader.tuned, padded(whole), place.reader.encode(examples.train), {
      training: { ...run.training, localEpochs: 2, batchSize: 6 },
      promptDropout: run.tuning.promptDropout,
      warmupSteps: 0,
      stageSteps: 4,
      moments: { ...before, m: padded(before.m), v: padded(before.v) },
      shuffle: named("shuffle"),
      dropout: named("dropout"),
    });
    const expected = Object.fromEntries(
      Object.entries(cut(reached)).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((value, i) => value - sent[name].data[i]) },
      ]),
    );
    // Adam divides a gradient by its own size, so that rounding grows with eight steps; a step at another scale is at 0.1
    expect(worst(body.delta, expected)).toBeLessThan(2e-3);
    expect(worst(after?.moments?.m ?? {}, cut(moments.m))).toBeLessThan(2e-3);
    place.transformer.dispose();
  });
});

const squared = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value * value) }]));

/** Multiplications of all matrix products of a pass with its gradient, and the most bytes that it holds at once. */
async function costOf(tuned: Parameters<typeof vectorGradient>[0], params: Params) {
  const batch = labelledBatch([{ ids: [5, 17, 44, 80, 31, 9], maskPosition: 0, label: 1 }], tuned.transformer.config.padTokenId);
  const { kernels, peakBytes } = await tf.profile(() =>
    tf.tidy(() => {
      vectorGradient(tuned, tf.tensor1d(flattenTuned(tuned.layout, params)), batch);
    }),
  );
  const size = (shape: readonly number[] | undefined) => (shape ?? []).reduce((all, one) => all * one, 1);
  const products = kernels.filter(({ name }) => name === "BatchMatMul");
  expect(products.length).toBeGreaterThan(0);
  // m k · k n · m n is the square of m k n
  const multiplications = products.reduce(
    (sum, { inputShapes, outputShapes }) => sum + Math.sqrt(size(inputShapes[0]) * size(inputShapes[1]) * size(outputShapes[0])),
    0,
  );
  return { multiplications, peakBytes };
}

test("lower ranks and matrices without a difference take fewer multiplications and less memory", async () => {
  await startBackend("cpu");
  const place = tinyPlace({ ...run, tuning: { ...run.tuning, rank: 16 } as RunSettings["tuning"] });
  const whole = drawValues(place.layout.entries, 0.1);
  const some = (rank: number, isThere: (name: string) => boolean): Params =>
    Object.fromEntries(
      Object.entries(whole).flatMap(([name, { shape }]) => {
        const own = isA(name) ? [rank, shape[1]] : [shape[0], rank];
        return isThere(name) ? [[name, createTensor(own, new Float32Array(own[0] * own[1]).fill(0.1))]] : [];
      }),
    );
  const costs = [];
  for (const sent of [whole, some(8, () => true), some(2, () => true), some(2, (name) => name.startsWith("lora/1/query"))])
    costs.push(await costOf(tunedAt(place, sent), sent));
  for (const [before, after] of [
    [0, 1],
    [1, 2],
    [2, 3],
  ]) {
    expect(costs[after].multiplications).toBeLessThan(costs[before].multiplications);
    expect(costs[after].peakBytes).toBeLessThan(costs[before].peakBytes);
  }
  const { multiplications } = await costOf(place.reader.tuned, padded(whole));
  expect(costs[2].multiplications).toBeLessThan(multiplications);
  place.transformer.dispose();
});

test("a device's layout has each factor at the rank that it was sent at, end to end, and nothing of other matrices", () => {
  const place = tinyPlace(run);
  const whole = drawValues(place.layout.entries, 0.1);
  const sent = cut(whole);
  const own = layoutAt(place.layout, sent);
  expect(own.entries.map(({ name, shape }) => [name, shape])).toEqual(Object.entries(sent).map(([name, { shape }]) => [name, shape]));
  expect(own.numValues).toBe(Object.values(sent).reduce((sum, { data }) => sum + data.length, 0));
  expect(Object.keys(sent).some((name) => name.startsWith("lora/0/"))).toBe(false);
  place.transformer.dispose();
});

test("factors that do not fit are refused with the tensors' names", () => {
  const place = tinyPlace(run);
  const whole = drawValues(place.layout.entries, 0.1);
  const [a, b] = ["lora/0/query/a", "lora/0/query/b"] as const;
  const [wide, tall] = [whole[a].shape[1], whole[b].shape[0]];
  const of = (rank: number, width = wide): Params => ({
    ...whole,
    [a]: createTensor([rank, width], new Float32Array(rank * width)),
    [b]: createTensor([tall, rank], new Float32Array(tall * rank)),
  });
  expect(() => layoutAt(place.layout, of(6))).toThrow(`tensor ${a}: shape [6,${wide}], expected [1 to 5,${wide}]`);
  expect(() => layoutAt(place.layout, of(2, wide - 1))).toThrow(`tensor ${a}: shape [2,${wide - 1}], expected [1 to 5,${wide}]`);
  expect(() => layoutAt(place.layout, { ...whole, [b]: of(2)[b] })).toThrow(`tensors ${a} and ${b}: found ranks 5 and 2`);
  const { [b]: _, ...others } = whole;
  expect(() => layoutAt(place.layout, others)).toThrow(`tensors ${a} and ${b}: found ranks 5 and 0`);
  const residual = { "residual/0/query/dense": createTensor([tall, wide], new Float32Array(tall * wide)) };
  expect(layoutAt(place.layout, { ...whole, ...residual })).toEqual(layoutAt(place.layout, whole));
  const { [a]: __, ...neither } = others;
  expect(() => layoutAt(place.layout, { ...neither, ...residual })).toThrow(
    "tensor residual/0/query/dense: found it without lora/0/query/a, expected factors of the same matrix",
  );
  place.transformer.dispose();
});

test("moments of other ranks are cut, and components that are new begin at 0", () => {
  const place = tinyPlace(run);
  const name = "lora/1/query/a";
  const { [name]: a } = drawValues(place.layout.entries, 1);
  const width = a.shape[1];
  const at = (rank: number) => ({
    entries: [{ ...place.layout.entries[0], name, shape: [rank, width] }],
    numValues: 0,
    numMethodValues: 0,
  });
  const { m, v, step } = momentsAt(at(2), { m: { [name]: a }, v: {}, step: 3 });
  expect({ v, step }).toEqual({ v: {}, step: 3 });
  expect(m[name].data).toEqual(a.data.slice(0, 2 * width));
  const again = momentsAt(at(3), { m, v, step }).m[name];
  expect(again.data).toEqual(Float32Array.from([...a.data.slice(0, 2 * width), ...new Float32Array(width)]));
  expect(momentsAt(at(3), { m: { other: a }, v: {}, step }).m[name].data).toEqual(new Float32Array(3 * width));
  place.transformer.dispose();
});
