import * as tf from "@tensorflow/tfjs";
import { createRandom, initialParams, type Params, type TrainingSettings } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { brokenBackbone, brokenToken, tinyExamples, tinyTuned } from "../testing/tinyTuned.ts";
import { flattenTuned } from "../tuning/layout.ts";
import { drawDropout, factorsOf } from "./dropout.ts";
import type { Tuned } from "./gradient.ts";
import { type LocalTrainingOptions, trainLocally } from "./localTraining.ts";

const training: TrainingSettings = {
  localEpochs: 2,
  batchSize: 4,
  clientLearningRate: 0.02,
  weightDecay: 0.1,
  clipNorm: 1,
  resetMoments: true,
  optimizer: "adamW",
  proximal: 0,
};
let tuned: Tuned;

beforeAll(async () => {
  await startBackend("wasm");
  tuned = tinyTuned();
});

function options(more: Partial<LocalTrainingOptions> = {}): LocalTrainingOptions {
  const random = createRandom(9);
  return {
    training,
    promptDropout: 0.1,
    warmupSteps: 0,
    stageSteps: 0,
    moments: null,
    shuffle: random.stream({ purpose: "shuffle" }),
    dropout: random.stream({ purpose: "dropout" }),
    ...more,
  };
}

const start = () => initialParams(tuned.layout.entries, createRandom(1));

test("local training lowers the loss, reports every step in order and counts K_i", async () => {
  const steps: number[] = [];
  const long = { ...training, localEpochs: 8 };
  const result = await trainLocally(tuned, start(), tinyExamples(18), options({ training: long, onStep: ({ step }) => steps.push(step) }));
  expect(result.numSteps).toBe(40);
  expect(steps).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(result.lastLoss).toBeLessThan(0.8 * result.firstLoss);
  expect(result.moments.step).toBe(40);
});

test.each(["cpu", "wasm"] as const)("on %s the same task gives the same bits twice, another shuffle gives others", async (backend) => {
  await startBackend(backend);
  const tuned = tinyTuned();
  const examples = tinyExamples(10);
  const run = (more: Partial<LocalTrainingOptions> = {}) => trainLocally(tuned, start(), examples, options(more));
  const [first, second] = [await run(), await run()];
  expect(second.params).toEqual(first.params);
  const other = await run({ shuffle: createRandom(10).stream({ purpose: "shuffle" }) });
  expect(other.params["prefix/0"]).not.toEqual(first.params["prefix/0"]);
});

test("two rounds with kept moments equal one round twice as long", async () => {
  const examples = tinyExamples(4); // one batch, so that the order does not matter
  const once = { training: { ...training, localEpochs: 1 }, promptDropout: 0 };
  const first = await trainLocally(tuned, start(), examples, options(once));
  const second = await trainLocally(tuned, first.params, examples, options({ ...once, moments: first.moments }));
  const whole = await trainLocally(tuned, start(), examples, options({ promptDropout: 0 }));
  expect(second.moments.step).toBe(2);
  for (const [name, { data }] of Object.entries(whole.params)) {
    second.params[name].data.forEach((value, i) => {
      expect(Math.abs(value - data[i])).toBeLessThan(1e-4); // sums over the batch in another order, then Adam's division
    });
  }
});

test("warm-up goes on from the steps that the device has taken in the stage", async () => {
  const examples = tinyExamples(4);
  const one = { training: { ...training, localEpochs: 1, weightDecay: 0 }, promptDropout: 0 };
  const moved = async (more: Partial<LocalTrainingOptions>) => {
    const { params } = await trainLocally(tuned, start(), examples, options({ ...one, ...more }));
    return Math.abs(params["head/bias"].data[0]);
  };
  const full = await moved({});
  expect(await moved({ warmupSteps: 10 })).toBeCloseTo(full / 10, 6);
  expect(await moved({ warmupSteps: 10, stageSteps: 3 })).toBeCloseTo((4 * full) / 10, 6);
  expect(await moved({ warmupSteps: 10, stageSteps: 20 })).toBeCloseTo(full, 6);
});

test.each(["cpu", "wasm"] as const)(
  "on %s no tensor is left behind, and step 20 holds as many tensors and bytes as step 100",
  async (backend) => {
    await startBackend(backend);
    const tuned = tinyTuned();
    const before = tf.memory().numTensors;
    const seen = new Map<number, { numTensors: number; numBytes: number }>();
    const long = { ...training, localEpochs: 100 };
    const onStep = ({ step }: { step: number }) => {
      const { numTensors, numBytes } = tf.memory();
      seen.set(step, { numTensors, numBytes });
    };
    await trainLocally(tuned, start(), tinyExamples(4), options({ training: long, onStep }));
    expect(seen.get(100)).toEqual(seen.get(20));
    expect(tf.memory().numTensors).toBe(before);
    tuned.transformer.dispose();
  },
);

test("an aborted signal stops between two steps and leaves nothing behind", async () => {
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  let steps = 0;
  const onStep = () => {
    steps += 1;
    if (steps === 3) controller.abort();
  };
  await expect(trainLocally(tuned, start(), tinyExamples(40), options({ onStep, signal: controller.signal }))).rejects.toThrow("aborted");
  expect(steps).toBe(3);
  expect(tf.memory().numTensors).toBe(before);
});

test("a message is read while short steps follow each other: a training that is to stop does not go on to its end", async () => {
  const controller = new AbortController();
  let steps = 0;
  const onStep = () => {
    steps += 1;
    if (steps === 1) setImmediate(() => controller.abort()); // as a message would, in a turn of the event loop
  };
  const long = { ...training, localEpochs: 2000 };
  const trained = trainLocally(tuned, start(), tinyExamples(4), options({ training: long, onStep, signal: controller.signal }));
  await expect(trained).rejects.toThrow("aborted");
  expect(steps).toBeLessThan(2000);
});

test("a step leaves the prompt values that it dropped where they are, since nothing was learnt about them", async () => {
  const [dropout, again] = [createRandom(5).stream({ purpose: "dropout" }), createRandom(5).stream({ purpose: "dropout" })];
  const once = { training: { ...training, localEpochs: 1, weightDecay: 0 }, promptDropout: 0.4, dropout };
  const { "head/weight": head } = start();
  const weight = { shape: head.shape, data: head.data.map((_, i) => (i % 7) / 7 - 0.4) }; // a head of zeros would teach the prompts nothing
  const from = { ...start(), "head/weight": weight };
  const { params } = await trainLocally(tuned, from, tinyExamples(4), options(once));
  const drawn = drawDropout(tuned.layout, 0.4, again);
  const mask = drawn === null ? [] : factorsOf(drawn);
  const [before, after] = [flattenTuned(tuned.layout, from), flattenTuned(tuned.layout, params)];
  const stayed = [...after].map((value, i) => value === before[i]);
  const dropped = [...mask].map((kept) => kept === 0);
  expect(dropped.filter(Boolean).length).toBeGreaterThan(50);
  expect(stayed).toEqual(dropped);
});

/** One step on all examples, of plain SGD that clipping leaves alone. */
async function oneStep(settings: Partial<TrainingSettings>, more: Partial<LocalTrainingOptions> = {}) {
  const one = { ...training, localEpochs: 1, batchSize: 18, clipNorm: 100, weightDecay: 0, optimizer: "sgd" as const, ...settings };
  return trainLocally(tuned, start(), tinyExamples(18), options({ training: one, promptDropout: 0, ...more }));
}

test("a correction moves what it names by the rate times itself, and AdamW refuses one", async () => {
  const name = "prefix/1";
  const { shape, data } = start()[name];
  const correction = { [name]: { shape, data: data.map((_, i) => Math.sin(i)) } };
  const [plain, corrected] = [await oneStep({}), await oneStep({}, { correction })];
  const moved = plain.params[name].data.map((value, i) => value - 0.02 * Math.sin(i));
  expect(Math.max(...corrected.params[name].data.map((value, i) => Math.abs(value - moved[i])))).toBeLessThan(1e-7);
  expect(corrected.params["prefix/0"]).toEqual(plain.params["prefix/0"]);
  await expect(oneStep({ optimizer: "adamW" }, { correction })).rejects.toThrow(
    "a correction of the gradient needs the optimizer sgd or momentum",
  );
});

test("FedProx pulls the second step, not the first, to where the task started", async () => {
  const [one, two] = [{ localEpochs: 1 }, { localEpochs: 2 }];
  const [first, second, pulled] = [await oneStep(one), await oneStep(two), await oneStep({ ...two, proximal: 3 })];
  expect(await oneStep({ ...one, proximal: 3 })).toMatchObject({ params: first.params });
  const name = "head/weight"; // zero at the start, so that prompts have no gradient in the first step
  const from = start()[name].data;
  const expected = second.params[name].data.map((value, i) => value - 0.02 * 3 * (first.params[name].data[i] - from[i]));
  expect(Math.max(...pulled.params[name].data.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-7);
  expect(Math.max(...pulled.params[name].data.map((value, i) => Math.abs(value - second.params[name].data[i])))).toBeGreaterThan(1e-6);
});

test("momentum keeps its velocity from task to task, and lowers the loss", async () => {
  const settings = { optimizer: "momentum", clientLearningRate: 0.05 } as const;
  const first = await oneStep(settings);
  expect(first.moments.v).toEqual({});
  const [on, anew] = [first.moments, null].map((moments) =>
    trainLocally(
      tuned,
      first.params,
      tinyExamples(18),
      options({
        training: { ...training, ...settings, localEpochs: 1, batchSize: 18, clipNorm: 100, weightDecay: 0 },
        promptDropout: 0,
        moments,
      }),
    ),
  );
  const name = "head/weight";
  const velocity = first.moments.m[name].data;
  const expected = (await anew).params[name].data.map((value, i) => value - 0.05 * 0.9 * velocity[i]);
  expect(Math.max(...(await on).params[name].data.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-7);
  const long = await trainLocally(tuned, start(), tinyExamples(18), options({ training: { ...training, ...settings, localEpochs: 8 } }));
  expect(long.lastLoss).toBeLessThan(0.9 * long.firstLoss);
});

test.each([
  { optimizer: "adamW", proximal: 0 },
  { optimizer: "momentum", proximal: 0.3 },
] as const)("frozen parameters keep every bit under $optimizer, and the others move as if there were no more", async (changes) => {
  const settings = { ...training, ...changes, localEpochs: 1, clientLearningRate: 0.1 };
  const examples = tinyExamples(4); // one step
  const begin: Params = { ...start(), "head/bias": { shape: [3], data: Float32Array.of(0.3, -0.2, 0.1) } };
  const train = (more: Partial<LocalTrainingOptions>) =>
    trainLocally(tuned, begin, examples, options({ training: settings, promptDropout: 0, ...more }));
  const before = tf.memory().numTensors;
  const names = ["prefix/0", "prefix/1", "head/bias"];
  const { params, moments } = await train({ frozen: names });
  expect(tf.memory().numTensors).toBe(before);
  for (const name of names) {
    expect(params[name]).toEqual(begin[name]);
    expect(moments.m[name]?.data.every((value) => value === 0)).toBe(true);
  }
  // without clipping a step of the head's weights does not depend on what else is trained; with it the norm is that of the trained ones alone
  const free = { training: { ...settings, clipNorm: 1e6 } };
  const [alone, all] = [await train({ ...free, frozen: names }), await train(free)];
  alone.params["head/weight"].data.forEach((value, i) => {
    expect(value).toBeCloseTo(all.params["head/weight"].data[i], 6);
  });
  expect(all.params["head/bias"]).not.toEqual(begin["head/bias"]);
  if (changes.optimizer === "momentum") {
    const moved = (found: Params) => Math.hypot(...found["head/weight"].data.map((value, i) => value - begin["head/weight"].data[i]));
    const clipped = await train({ training: { ...settings, weightDecay: 0, clipNorm: 1e-3 }, frozen: names });
    expect(moved(clipped.params)).toBeCloseTo(1e-4, 6); // rate 0.1 times the whole norm, since nothing frozen takes a part of it
  }
});

test.each(["cpu", "wasm"] as const)(
  "on %s a batch whose loss is not finite is skipped: no step, no moments, no warm-up, and it is counted (P-255)",
  async (backend) => {
    await startBackend(backend);
    const sound = tinyTuned();
    const broken = tinyTuned(brokenBackbone());
    const examples = tinyExamples(8);
    const spoilt = examples.map((example) => ({ ...example, ids: [...example.ids, brokenToken] }));
    const inTurn = () => ({ shuffle: <T>(values: readonly T[]) => [...values] }) as LocalTrainingOptions["shuffle"];
    const once = { training: { ...training, localEpochs: 1 }, promptDropout: 0, warmupSteps: 9, stageSteps: 2 };
    const clean = await trainLocally(sound, start(), examples, options({ ...once, shuffle: inTurn() }));
    const numTensors = tf.memory().numTensors;
    const heard: number[] = [];
    const mixed = [...spoilt.slice(0, 4), ...examples.slice(0, 4), ...spoilt.slice(4), ...examples.slice(4)];
    const found = await trainLocally(
      broken,
      start(),
      mixed,
      options({ ...once, shuffle: inTurn(), onStep: ({ loss }) => heard.push(loss) }),
    );
    expect(found).toMatchObject({ numSteps: 4, numSkipped: 2, params: clean.params, moments: clean.moments });
    expect([found.firstLoss, found.lastLoss]).toEqual([clean.firstLoss, clean.lastLoss]);
    expect(heard.map(Number.isFinite)).toEqual([false, true, false, true]);
    await expect(trainLocally(broken, start(), spoilt, options(once))).rejects.toThrow(
      "local training: loss or gradient of each of 2 batches is not finite; the learning rate may be too high",
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    for (const { transformer } of [sound, broken]) transformer.dispose();
  },
);

test("given steps take the place of epochs, over as much of the shuffled examples as they take (P-256)", async () => {
  const examples = tinyExamples(10); // three batches an epoch
  const run = (settings: Partial<TrainingSettings>) =>
    trainLocally(tuned, start(), examples, options({ training: { ...training, ...settings } }));
  const [two, six, four] = [await run({ localEpochs: 2 }), await run({ localEpochs: 1, localSteps: 6 }), await run({ localSteps: 4 })];
  expect(six).toMatchObject({ numSteps: 6, params: two.params, firstLoss: two.firstLoss, lastLoss: two.lastLoss });
  expect(four).toMatchObject({ numSteps: 4, moments: { step: 4 }, firstLoss: two.firstLoss });
  expect(four.params).not.toEqual(two.params);
});
