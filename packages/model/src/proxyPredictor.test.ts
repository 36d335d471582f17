import { createRandom, initialParams, type Params, presets, proxyScores, type RunSettings } from "@tutti/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTransformer } from "./backbone/transformer.ts";
import { startBackend } from "./backends.ts";
import { createCausalReader } from "./generation.ts";
import { loadBackboneFolder } from "./node.ts";
import { createProxyPredictor, type ProxyAnswerer } from "./proxyPredictor.ts";
import { createProxyReader } from "./proxyReader.ts";
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
