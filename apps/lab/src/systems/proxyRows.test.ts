import { compareTexts, createRandom, initialParams, tunedEntries } from "@tutti/core";
import { readBackboneSizes } from "@tutti/server";
import { publicFolder } from "@tutti/server/checkout";
import { expect, test, vi } from "vitest";
import { fedPtSettings } from "./fedPtSettings.ts";
import { measureProxy, measureTuned, readAsked, referenceOf } from "./proxyRows.ts";

vi.setConfig({ testTimeout: 120_000 });

const publicDir = publicFolder();
const run = fedPtSettings({ seed: 3 });
const asked = { publicDir, split: "validation", numTexts: 2, maxNewTokens: 6 } as const;
const untuned = initialParams(tunedEntries(readBackboneSizes(publicDir, run.backbone), run.tuning, null), createRandom(3));
const drawn = createRandom(5).stream({ purpose: "tuned" });
const tuned = Object.fromEntries(
  Object.entries(untuned).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 0.3 * drawn.normal()) }]),
);
const pair = { run, large: run.strategy.large, a: 1 };

test("each row has the same texts: the small model's is that of the tuned one by itself, and nothing tuned leaves the large one's", async () => {
  const [large, small] = await measureProxy(asked, { ...pair, params: tuned }, ["large", "small"]);
  const alone = await measureTuned(asked, { run, params: tuned });
  expect(small).toEqual(alone);
  expect(small?.scores.perplexityPerToken).not.toBeCloseTo(large?.scores.perplexityPerToken ?? 0, 1);
  const [proxy] = await measureProxy(asked, { ...pair, params: untuned }, ["proxy"]);
  expect(proxy?.answers).toEqual(large?.answers);
  expect(proxy?.scores.perplexityPerByte).toBeCloseTo(large?.scores.perplexityPerByte ?? 0, 4); // f32 sums beside ours in f64
});

test("the scores are those of the first texts of the split, beside their references", async () => {
  const texts = await readAsked(asked, { run });
  const [large] = await measureProxy(asked, { ...pair, params: tuned }, ["large"]);
  const rougeL = texts.map((example, at) => compareTexts(referenceOf(example), large?.answers[at] ?? "").rougeLSum);
  expect(large?.scores.rougeL).toBeCloseTo(rougeL.reduce((sum, one) => sum + one, 0) / 2, 12);
  const others = await readAsked({ ...asked, split: "test" }, { run });
  expect(others.map(({ text }) => text)).not.toEqual(texts.map(({ text }) => text));
});
