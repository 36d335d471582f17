import { createRandom, initialParams, type Params, presets, proxyScores, type RunSettings } from "@tutti/core";
import { createPrompter, findTask, requireTextTask } from "@tutti/data";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTransformer, type Transformer } from "./backbone/transformer.ts";
import { startBackend } from "./backends.ts";
import { createCausalReader, createTunedReader } from "./generation.ts";
import { loadBackboneFolder } from "./node.ts";
import { createProxyPredictor, type ProxyAnswerer } from "./proxyPredictor.ts";
import { createProxyReader } from "./proxyReader.ts";
import { createTextReader } from "./textReader.ts";
import { createTokenizer } from "./tokenizer.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";

const folder = (name: string) => new URL(`../../../public/backbones/${name}`, import.meta.url).pathname;
const tuning = { ...presets.demo.tuning, method: "lora", head: "labelWords", rank: 4, alpha: 8 } as unknown as RunSettings["tuning"];
const run = { task: "replies", tuning, seed: 3 } as const;
const example = { kind: "reply", text: "The parcel came two days late", answer: "" } as const;
let backbones: Awaited<ReturnType<typeof loadBackboneFolder>>[] = [];
let untuned: Params = {};
let tuned: Params = {};

beforeAll(async () => {
  await startBackend("wasm");
  backbones = await Promise.all(["concerto", "etude"].map((name) => loadBackboneFolder(folder(name))));
  untuned = initialParams(tunedLayout(backbones[1].config, tuning, null).entries, createRandom(3));
  const drawn = createRandom(5).stream({ purpose: "tuned" });
  tuned = Object.fromEntries(
    Object.entries(untuned).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 0.3 * drawn.normal()) }]),
  );
});
afterAll(() => {
  backbones = [];
});

async function answers(params: Params, a: number, asked: readonly ProxyAnswerer[], pair = backbones): Promise<string[]> {
  const predictor = await createProxyPredictor({ large: pair[0], small: pair[1], run, params }, a);
  const found: string[] = [];
  for (const of of asked) found.push(await predictor.answer(example, { of, maxNewTokens: 8 }));
  predictor.dispose();
  return found;
}

/** The small model's texts and what it was tuned to, read token by token. */
async function openSmall(transformer: Transformer) {
  const { tokenizerJson, tokenizerConfig, config } = backbones[1];
  const task = requireTextTask(findTask(run.task), "a test");
  const layout = tunedLayout(config, tuning, null);
  const tuner = createTuner(transformer, tuning, { random: createRandom(run.seed), sourcePrompts: [] });
  const tokenizer = createTokenizer(tokenizerJson ?? "", tokenizerConfig);
  const prompter = await createPrompter(task, tokenizerConfig);
  const reader = createTextReader({ transformer, tokenizer, layout, tuner }, task, { tuning, prompter });
  return { encode: reader.encode, open: (params: Params) => createTunedReader(reader.tuned, params, 0) };
}

test("with a = 0, or a small model that nothing was tuned of, the answer is the large model's", async () => {
  const [large, atZero] = await answers(tuned, 0, ["large", "proxy"]);
  expect(atZero).toBe(large);
  expect(await answers(untuned, 1, ["proxy"])).toEqual([large]);
  expect(large.length).toBeGreaterThan(3);
});

test("where the large model is the small one the answer is the tuned small model's, and another than the untuned one's", async () => {
  const small = backbones[1];
  const [proxy, own, bare] = await answers(tuned, 1, ["proxy", "small", "large"], [small, small]);
  expect(proxy).toBe(own);
  expect(own).not.toBe(bare);
});

const answered = [
  { kind: "reply", text: "The parcel came two days late", answer: "We are sorry for the delay." },
  { kind: "reply", text: "Where is my refund?", answer: "It is on its way." },
] as const;

async function lossesOf(params: Params, a: number, asked: readonly ProxyAnswerer[], pair = backbones) {
  const predictor = await createProxyPredictor({ large: pair[0], small: pair[1], run, params }, a);
  const found = [];
  for (const of of asked) found.push(await predictor.score(answered, of));
  predictor.dispose();
  return found;
}

test("with a = 0, or nothing tuned, the proxy predicts the answers' tokens as the large model does, and of a pair of small models as the tuned one", async () => {
  const [large, atZero] = await lossesOf(tuned, 0, ["large", "proxy"]);
  const [bare] = await lossesOf(untuned, 0.7, ["proxy"]);
  const [own, proxy, small] = await lossesOf(tuned, 1, ["small", "proxy", "large"], [backbones[1], backbones[1]]);
  for (const [found, expected] of [
    [atZero, large],
    [bare, large],
    [proxy, own],
  ] as const) {
    expect(found.text).toEqual(expected.text);
    expect(found.lossSum).toBeCloseTo(expected.lossSum, 3); // f32 sums of the backend beside ours in f64
  }
  expect(large.text).toMatchObject({ numExamples: 2, numBytes: 27 + 17, generated: null });
  expect(Math.abs(own.lossSum - small.lossSum)).toBeGreaterThan(0.1);
});

test("the proxy's loss is −ln softmax(s_large + a (s_tuned − s_untuned)) of each token, read one by one", async () => {
  const a = 0.7;
  const [{ lossSum, text }] = await lossesOf(tuned, a, ["proxy"]);
  const parts = await Promise.all(
    answered.map(async (one) => {
      const predictor = await createProxyPredictor({ large: backbones[0], small: backbones[1], run, params: tuned }, a);
      const { lossSum: ofOne } = await predictor.score([one], "proxy");
      predictor.dispose();
      return ofOne;
    }),
  );
  expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(lossSum, 3);
  const [bigger, ownSmall] = backbones.map((backbone) => createTransformer(backbone));
  const small = await openSmall(ownSmall);
  let [expected, numRight] = [0, 0];
  for (const { ids, answer } of small.encode(answered)) {
    const reader = createProxyReader(
      { large: createCausalReader(bigger), tuned: small.open(tuned), untuned: createCausalReader(ownSmall) },
      a,
    );
    for (let at = 0; at + 1 < ids.length; at++) {
      const scores = await reader.read([ids[at]]);
      if (at + 1 < (answer?.start ?? 0)) continue;
      const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
      expected += Math.log(sum) - scores[ids[at + 1]];
      if (scores.every((score) => score <= scores[ids[at + 1]])) numRight += 1;
    }
    reader.dispose();
  }
  expect(lossSum).toBeCloseTo(expected, 2);
  expect(text.numRightTokens).toBe(numRight);
  for (const transformer of [bigger, ownSmall]) transformer.dispose();
});

test("three models read in lock-step, each with its own keys and values: piece by piece they score as at once", async () => {
  const [large, small] = backbones.map((backbone) => createTransformer(backbone));
  const open = () => ({ large: createCausalReader(large), tuned: createCausalReader(small), untuned: createCausalReader(large) });
  const reader = createProxyReader(open(), 0.7);
  const ids = [0, 900, 17, 4000, 312];
  await reader.read(ids.slice(0, 3));
  const piecewise = await reader.read(ids.slice(3));
  expect(reader.room()).toBe(256 - ids.length);
  reader.dispose();
  const { large: a, tuned: b, untuned: c } = open();
  const [ofLarge, ofTuned] = [await a.read(ids), await b.read(ids)];
  const expected = proxyScores({ large: ofLarge, tuned: ofTuned, untuned: await c.read(ids) }, 0.7);
  // the same sums in other orders, of scores near 10
  for (const [token, score] of piecewise.entries()) expect(Math.abs(score - expected[token])).toBeLessThan(1e-3);
  for (const one of [a, b, c]) one.dispose();
  for (const transformer of [large, small]) transformer.dispose();
});
