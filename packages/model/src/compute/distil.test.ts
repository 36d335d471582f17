import * as tf from "@tensorflow/tfjs-core";
import { createRandom, initialParams, type Params } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { openReplies, replyRun } from "../testing/textPlace.ts";
import type { Tuned } from "../training/gradient.ts";
import type { EncodedExample } from "../training/objective.ts";
import { flattenTuned } from "../tuning/layout.ts";
import { type Distillation, distil, distilGradient, distilLoss } from "./distil.ts";
import { addKept, keepTop } from "./keptDifference.ts";
import { numPredicted, scoresOfTexts } from "./publicTexts.ts";

beforeAll(() => startBackend("wasm"));

const lora = {
  method: "lora",
  rank: 2,
  alpha: 4,
  promptDropout: 0,
  positionsAfterPrefix: false,
  head: "labelWords",
  lossOver: "labelWords",
};
const replies = [
  { text: "w10 w70 w71", reply: "w20 w21 w22" },
  { text: "w11 w72", reply: "w30" },
  { text: "w12 w73", reply: "w40 w41" },
];
const spec = { a: 1, temperature: 1, numSteps: 3, batchSize: 2, learningRate: 0.02 };

interface Opened {
  readonly small: Tuned;
  readonly texts: readonly EncodedExample[];
  readonly mean: Params;
}

let opened: Promise<Opened> | null = null;

/** A tiny gpt2 with LoRA whose factors are not 0. */
function open(): Promise<Opened> {
  opened ??= (async () => {
    const run = replyRun({ tuning: lora as unknown as ReturnType<typeof replyRun>["tuning"] });
    const place = await openReplies(run, { train: replies, test: replies });
    const drawn = createRandom(5).stream({ purpose: "mean" });
    const start = initialParams(place.layout.entries, place.random);
    const mean = Object.fromEntries(
      Object.entries(start).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 0.1 * drawn.normal()) }]),
    );
    const rows = replies.map(({ text, reply }) => ({ kind: "reply", text, answer: reply }) as const);
    return { small: place.reader.tuned, texts: place.reader.encode(rows), mean };
  })();
  return opened;
}

/** What a large model would say: the small one's scores, and more of one token. */
async function differencesOf({ small, texts }: Opened, more: number, token: number) {
  return Promise.all(
    texts.map(async (text) =>
      (await scoresOfTexts(small, null, [text])).map((scores) => {
        const large = scores.slice();
        large[token] += more;
        return keepTop(large, scores, scores.length).position;
      }),
    ),
  );
}

async function distillation(change: Partial<Distillation> = {}): Promise<Distillation> {
  const parts = await open();
  const differences = await differencesOf(parts, 2, 25);
  const shuffle = createRandom(3).stream({ purpose: "shuffle" });
  return { ...parts, differences, reference: null, spec, clipNorm: 1, shuffle, ...change };
}

test("the gradient at the student's scores is T (softmax(s / T) − q) / S, and the loss 0 where both agree", () => {
  const scores = tf.tensor2d([
    [1, -1, 0.5],
    [0.25, 2, -0.75],
  ]);
  const teacher = tf.tensor2d([
    [0.5, 0.25, -1],
    [-0.5, 1, 1.5],
  ]);
  const softmax = (row: number[], t: number) => {
    const weights = row.map((value) => Math.exp(value / t));
    return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
  };
  for (const temperature of [1, 2.5]) {
    const { loss, dLogits } = distilLoss(scores, teacher, temperature);
    const [s, z] = [scores.arraySync(), teacher.arraySync()];
    let expected = 0;
    for (const [row, values] of s.entries()) {
      const [p, q] = [softmax(values, temperature), softmax(z[row], temperature)];
      for (const [i, weight] of q.entries()) {
        expected += (temperature ** 2 * weight * Math.log(weight / p[i])) / 2;
        expect(dLogits.arraySync()[row][i]).toBeCloseTo((temperature * (p[i] - weight)) / 2, 6);
      }
    }
    expect(loss.arraySync()).toBeCloseTo(expected, 5);
  }
  expect(distilLoss(scores, scores, 2).loss.arraySync()).toBeCloseTo(0, 7);
});

test("the gradient over everything trained is that of the loss, by finite differences", async () => {
  const { small, texts, mean } = await open();
  const numTokens = texts.reduce((sum, text) => sum + numPredicted(text), 0);
  const drawn = createRandom(9).stream({ purpose: "teacher" });
  const target = {
    scores: Float32Array.from({ length: numTokens * 96 }, () => drawn.normal()),
    shape: [numTokens, 96] as [number, number],
  };
  const at = flattenTuned(small.layout, mean);
  const given = { small, texts, spec: { ...spec, temperature: 1.5 } };
  const lossAt = (values: Float32Array) =>
    tf.tidy(() => distilGradient(given, [0, 1, 2], { values: tf.tensor1d(values), target }).loss.arraySync());
  const gradient = tf.tidy(() => distilGradient(given, [0, 1, 2], { values: tf.tensor1d(at), target }).gradient.arraySync());
  for (const index of [0, 7, at.length - 3]) {
    const step = 0.02;
    const [up, down] = [step, -step].map((by) => lossAt(at.map((value, i) => (i === index ? value + by : value))));
    expect((up - down) / (2 * step)).toBeCloseTo(gradient[index], 3); // f32 losses near 1 and a step of 0.02
  }
});

test("the student comes nearer to the teacher, and the teacher's part stays as it was", async () => {
  const options = await distillation({
    differences: await differencesOf(await open(), 6, 25),
    spec: { ...spec, numSteps: 40, batchSize: 3, learningRate: 0.05 },
  });
  const before = structuredClone(options.mean);
  const numTensors = tf.memory().numTensors;
  const { student, firstLoss, lastLoss, drift } = await distil(options);
  expect(lastLoss).toBeLessThan(0.5 * firstLoss);
  expect(options.mean).toEqual(before);
  expect(student).not.toEqual(before);
  expect(drift).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test("where the large model is the small one the mean is its own teacher, and nothing is learnt", async () => {
  const parts = await open();
  const { firstLoss, student } = await distil(
    await distillation({ differences: await differencesOf(parts, 0, 25), spec: { ...spec, numSteps: 1 } }),
  );
  expect(Math.abs(firstLoss)).toBeLessThan(1e-6);
  const moved = Object.entries(student).flatMap(([name, { data }]) =>
    [...data].map((value, i) => Math.abs(value - parts.mean[name].data[i])),
  );
  // Adam normalises what rounding leaves of the gradient, so that a step of the whole rate is possible and no more
  expect(Math.max(...moved)).toBeLessThanOrEqual(1.01 * spec.learningRate);
});

test("with a = 0 the teacher is the large model, whatever the devices learnt", async () => {
  const parts = await open();
  const [text] = parts.texts;
  const [bare] = await scoresOfTexts(parts.small, null, [text]);
  const large = bare.slice();
  large[25] += 2;
  expect([...addKept(bare, keepTop(large, bare, 96).position)].map((x) => x.toFixed(4))).toEqual([...large].map((x) => x.toFixed(4)));
  const losses = [];
  for (const reference of [null, parts.mean]) {
    const { firstLoss } = await distil(await distillation({ reference, spec: { ...spec, a: 0, numSteps: 1, batchSize: 3 } }));
    losses.push(firstLoss);
  }
  expect(losses[1]).toBeCloseTo(losses[0], 6);
});

test("compared with the round's start, what was learnt in it is nothing where the mean is that start", async () => {
  const parts = await open();
  const options = { spec: { ...spec, numSteps: 1, batchSize: 3 } };
  const pretrained = await distil(await distillation(options));
  const roundStart = await distil(await distillation({ ...options, reference: parts.mean }));
  const withoutChange = await distil(await distillation({ ...options, spec: { ...options.spec, a: 0 } }));
  expect(roundStart.firstLoss).toBeCloseTo(withoutChange.firstLoss, 5);
  expect(pretrained.firstLoss).not.toBeCloseTo(roundStart.firstLoss, 3);
});
