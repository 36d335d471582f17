import * as tf from "@tensorflow/tfjs";
import { maskOf, type Params, presets, type RunSettings, svdTriplets, tunedShape, tunings } from "@tutti/core";
import { beforeEach, describe, expect, test } from "vitest";
import { createTransformer } from "../backbone/transformer.ts";
import { type BackendName, startBackend } from "../backends.ts";
import { computeTask } from "../deviceTasks.ts";
import { goldenBackbone } from "../testing/golden.ts";
import { drawValues, probe, tinyTokens } from "../testing/layerTuners.ts";
import { tinyPlace } from "../testing/tinyFederation.ts";
import type { TrainerTask } from "../trainer.ts";
import { predictAll } from "../training/evaluation.ts";
import { relativeError } from "../verify/relativeError.ts";
import { tunedLayout } from "./layout.ts";
import { createLoraTuner } from "./lora.ts";
import { fittedTo, layoutAt } from "./ownLayout.ts";
import { liveIn, momentsOfLive } from "./ownRanks.ts";
import { createSvdLoraTuner } from "./svdLora.ts";

/** f32, summed in another order; a wrong scale or place is at 1e-2 and more. */
const rounding = 3e-6;
const targets = ["q", "k", "v", "o", "up", "down"] as const;
const settings = { rank: 3, alpha: 6, targets };
const tuned = { method: "svdLora", ...settings, head: "labelWords" } as const;

/** Components that are alive of each matrix by turns; of the lowest layer none. */
const kept = [[0, 2], [], [1], [0, 1, 2], [2], []] as const;
const liveFor = (names: readonly string[]) => names.map((e, j) => (e.startsWith("svdLora/0/") ? [] : kept[j % kept.length]));

function partOf(params: Params, isDead: "zero" | "absent"): Params {
  const triplets = svdTriplets({ layerNames: [], alwaysShared: Object.keys(params) });
  const live = liveFor(triplets.map(({ e }) => e));
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, { shape, data }]) => {
      const j = triplets.findIndex((one) => Object.values(one).includes(name));
      if (j < 0) return [[name, { shape, data }]];
      const componentOf = (at: number) => (name.endsWith("/p") ? at % shape[1] : Math.floor(at / (shape[1] ?? 1)));
      const isAlive = (at: number) => (live[j] as readonly number[]).includes(componentOf(at));
      if (isDead === "zero") return [[name, { shape, data: data.map((value, at) => (isAlive(at) ? value : 0)) }]];
      const own = name.endsWith("/p") ? [shape[0], live[j].length] : [live[j].length, ...shape.slice(1)];
      return live[j].length === 0 ? [] : [[name, { shape: own, data: data.filter((_, at) => isAlive(at)) }]];
    }),
  );
}

/** The names of the kernels that a pass with its gradient runs. */
async function kernelsOf(act: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  const { kernels } = await tf.profile(async () => {
    await act();
    return [];
  });
  for (const { name } of kernels) names.push(name);
  return names;
}

describe.each(["cpu", "wasm"] satisfies BackendName[])("on %s", (backend) => {
  beforeEach(async () => {
    await startBackend(backend);
  });

  test("P diag(e) Q is LoRA with B = P and A = diag(e) Q", async () => {
    const transformer = createTransformer(goldenBackbone("gpt2"));
    const values = drawValues(tunedLayout(transformer.config, tuned, 0).entries, 0.2);
    const factors = Object.fromEntries(
      Object.entries(values).flatMap(([name, { shape, data }]) => {
        const place = `lora/${name.slice("svdLora/".length, -1)}`;
        const e = values[`${name.slice(0, -1)}e`].data;
        if (name.endsWith("/p")) return [[`${place}b`, { shape, data }]];
        return name.endsWith("/q") ? [[`${place}a`, { shape, data: data.map((value, at) => e[Math.floor(at / shape[1])] * value) }]] : [];
      }),
    );
    const [found, expected] = [
      await probe(createSvdLoraTuner(transformer, settings), values, tinyTokens()),
      await probe(createLoraTuner(transformer, settings), factors, tinyTokens()),
    ];
    expect(relativeError(found.last, expected.last)).toBeLessThan(rounding);
    transformer.dispose();
  });

  test("what is dead is not computed: fewer kernels, and the states and gradients of the whole with zeros", async () => {
    const transformer = createTransformer(goldenBackbone("roberta"));
    const layout = tunedLayout(transformer.config, tuned, 0);
    const values = drawValues(layout.entries, 0.2);
    const [whole, part] = [partOf(values, "zero"), partOf(values, "absent")];
    const full = { tuner: createSvdLoraTuner(transformer, settings), layout };
    const fitted = fittedTo(full, part);
    expect(fittedTo(full, values)).toBe(full);
    expect(fitted.layout.entries).toEqual(layoutAt(layout, part).entries);
    const expected = await probe(full.tuner, whole, tinyTokens());
    const { numTensors } = tf.memory();
    const found = await probe(fitted.tuner, part, tinyTokens());
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(relativeError(found.last, expected.last)).toBeLessThan(rounding);
    expect(Object.keys(found.gradients)).toEqual(Object.keys(part));
    for (const [name, { shape }] of Object.entries(part)) {
      const like = { ...values[name], data: expected.gradients[name] };
      const own = partOf({ ...values, [name]: like }, "absent")[name];
      expect(shape).toEqual(own.shape);
      expect(relativeError(found.gradients[name], own.data), name).toBeLessThan(10 * rounding);
    }
    const numKernels = (await kernelsOf(() => probe(full.tuner, whole, tinyTokens()))).length;
    const numLeft = (await kernelsOf(() => probe(fitted.tuner, part, tinyTokens()))).length;
    expect(numLeft).toBeLessThan(numKernels - 10);
    // with one matrix left there is one product's worth
    const one = Object.fromEntries(Object.entries(part).filter(([name]) => name.startsWith("svdLora/1/query/")));
    const least = (await kernelsOf(() => probe(fittedTo(full, one).tuner, one, tinyTokens()))).length;
    expect(least).toBeLessThan(numLeft);
    transformer.dispose();
  });
});

const run: RunSettings = {
  ...presets.demo,
  numDevices: 2,
  minDevices: 2,
  cohortSize: 2,
  training: { ...presets.demo.training, localEpochs: 1, batchSize: 6, clientLearningRate: 0.01, resetMoments: false },
  tuning: { ...presets.demo.tuning, ...tunings.svdLora.defaults, ...settings, head: "labelWords" } as RunSettings["tuning"],
};

function taskOf(sent: Params, live: readonly number[], round: number): TrainerTask {
  const shapes = Object.fromEntries(Object.entries(sent).map(([name, { shape }]) => [name, shape]));
  return {
    deviceId: 1,
    stage: "train",
    round,
    attempt: 1,
    spec: { kind: "train", epochs: 1, warmupSteps: 0, isPersonalised: false, hasOwnRanks: true, live, scoresComponents: true },
    parameterSets: { global: sent },
    expects: { shapes, encoding: "f32", numExamples: 24, batchSize: 6 },
  };
}

test("a device that missed rounds trains what is alive in its task's, with the moments of these, and scores each", async () => {
  await startBackend("cpu");
  const place = tinyPlace(run);
  const examples = place.examplesOf({ kind: "share", index: 1 });
  const values = drawValues(place.layout.entries, 0.1);
  const triplets = svdTriplets(tunedShape(place.layout.entries));
  const ranks = triplets.map(() => settings.rank);
  const everything = maskOf(
    triplets.map(() => [0, 1, 2]),
    ranks,
  );
  const live = liveFor(triplets.map(({ e }) => e));
  const mask = maskOf(live, ranks);
  const first = await computeTask({ place, examples, task: taskOf(values, everything, 1), state: null });
  expect(first.state?.live).toEqual(everything);
  const sent = partOf(values, "absent");
  const second = await computeTask({ place, examples, task: taskOf(sent, mask, 5), state: first.state });
  if (first.body.kind !== "train" || second.body.kind !== "train") throw new Error("a train task answers with a difference");
  expect(second.state?.live).toEqual(mask);
  for (const moments of [second.state?.moments?.m, second.state?.moments?.v, second.body.delta])
    expect(Object.fromEntries(Object.entries(moments ?? {}).map(([name, { shape }]) => [name, shape]))).toEqual(
      taskOf(sent, mask, 5).expects.shapes,
    );
  expect(second.state?.moments?.step).toBe(8);
  const { componentScores = {} } = second.body;
  expect(Object.entries(componentScores).map(([e, scores]) => [e, scores.length])).toEqual(
    triplets.flatMap(({ e }, j) => (live[j].length === 0 ? [] : [[e, live[j].length]])),
  );
  expect(
    Object.values(componentScores)
      .flat()
      .every((score) => score > 0 && Number(score.toPrecision(4)) === score),
  ).toBe(true);
  // the moments that it went on with are those of the same components
  const before = first.state?.moments;
  if (before === null || before === undefined) throw new Error("this run keeps moments");
  const cut = momentsOfLive(place.layout, before, { before: everything, after: mask });
  expect(cut.m).toEqual(partOf(before.m, "absent"));
  const again = await computeTask({
    place,
    examples,
    task: taskOf(sent, mask, 5),
    state: { ...first.state, local: {}, stageSteps: 4, stage: "train", live: mask, moments: cut },
  });
  expect(again.body).toEqual(second.body);
  expect(() => liveIn(place.layout, everything, sent)).toThrow("tensor svdLora/0/query/e: found 0 components, the task's mask names 3");
  await expect(computeTask({ place, examples, task: taskOf(sent, everything, 5), state: null })).rejects.toThrow("the task's mask names 3");
  place.transformer.dispose();
});

test("an evaluation of what is alive answers what the whole with zeros does", async () => {
  await startBackend("cpu");
  const place = tinyPlace(run);
  const values = drawValues(place.layout.entries, 0.1);
  const { train } = place.examplesOf({ kind: "share", index: 0 });
  const encoded = place.reader.encode(train);
  const [whole, part] = [
    await predictAll(place.reader.tuned, partOf(values, "zero"), encoded),
    await predictAll(place.reader.tuned, partOf(values, "absent"), encoded),
  ];
  expect(part.classes).toEqual(whole.classes);
  expect(relativeError(Float32Array.from(part.losses), Float32Array.from(whole.losses))).toBeLessThan(10 * rounding);
  place.transformer.dispose();
});
