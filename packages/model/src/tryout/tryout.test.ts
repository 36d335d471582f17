import { join } from "node:path";
import { createRandom, type Params, presets, type RunSettings, writeSafetensors } from "@tutti/core";
import { findClassification } from "@tutti/data";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchFile, localUrls } from "../localFiles.ts";
import { loadBackboneFolder } from "../node.ts";
import { createPredictor } from "../predictor.ts";
import { readPromptsFile } from "../prompts/promptsFile.ts";
import { createTextPredictor } from "../textPredictor.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { openTryout } from "./openTryout.ts";
import type { Tryout } from "./tryout.ts";

const publicDir = join(import.meta.dirname, "../../../../public");
const text = "The parcel came two days late and nobody said sorry";
const run: RunSettings = { ...presets.demo, task: "feedback/sentiment" };
const numClasses = findClassification(run.task, "this test").classes.length;

/** What a run could have tuned: values drawn from a seed, large enough to change answers. */
function drawn({ backbone }: RunSettings, config: Parameters<typeof tunedLayout>[0], settings: RunSettings, seed: number): Params {
  const entries = tunedLayout(config, settings.tuning, backbone === "etude" ? null : numClasses).entries;
  const stream = createRandom(seed).stream({ purpose: "tuned" });
  return Object.fromEntries(
    entries.map(({ name, shape, numValues }) => [
      name,
      { shape, data: Float32Array.from({ length: numValues }, () => stream.normal() * 0.3) },
    ]),
  );
}

function fileOf(settings: RunSettings, params: Params, sharedNames: readonly string[]): Uint8Array {
  const { backbone, task } = settings;
  const more = { round: "7", parametersSha256: "ab".repeat(32), sharedNames: JSON.stringify(sharedNames) };
  return writeSafetensors(params, {
    format: "tutti-prompts-1",
    runId: "mine",
    backbone,
    task,
    settings: JSON.stringify(settings),
    ...more,
  });
}

const open = (settings: RunSettings) =>
  openTryout({ ...localUrls(publicDir, settings), run: settings, backend: "wasm", threads: 1 }, { fetch: fetchFile }, () => undefined);

let tryout: Tryout;
let tuned: Params;
const shared = ["prefix/0", "prefix/3"];

beforeAll(async () => {
  tryout = await open(run);
  tuned = drawn(run, (await loadBackboneFolder(join(publicDir, "backbones/minuet"))).config, run, 5);
  expect(tryout.takeTuned(fileOf(run, tuned, shared))).toMatchObject({ runId: "mine", round: 7, numShared: 2 });
});
afterAll(() => tryout.dispose());

test("answers after tuning are the predictor's, to the bit on the same backend, and before tuning those of the bare backbone", async () => {
  const predictor = createPredictor(await loadBackboneFolder(join(publicDir, "backbones/minuet")), run, tuned);
  expect(await tryout.probabilities([{ text }], "tuned")).toEqual(await predictor.probabilities([{ text }]));
  const [before = []] = await tryout.probabilities([{ text }], "before");
  const confusion = await predictor.zeroShotConfusion([{ text, label: 0 }]);
  expect(before.indexOf(Math.max(...before))).toBe(confusion[0]?.indexOf(1));
  expect(before.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  predictor.dispose();
});

test("a device answers with its own layers over the tuned ones, but never for a shared one", async () => {
  const other = drawn(run, (await loadBackboneFolder(join(publicDir, "backbones/minuet"))).config, run, 9);
  tryout.takeOwn({ ...other });
  const expected = { ...other, "prefix/0": tuned["prefix/0"], "prefix/3": tuned["prefix/3"] } as Params;
  const predictor = createPredictor(await loadBackboneFolder(join(publicDir, "backbones/minuet")), run, expected);
  expect(await tryout.probabilities([{ text }], "own")).toEqual(await predictor.probabilities([{ text }]));
  expect(await tryout.probabilities([{ text }], "own")).not.toEqual(await tryout.probabilities([{ text }], "tuned"));
  predictor.dispose();
  tryout.takeOwn(null);
  expect(() => tryout.probabilities([{ text }], "own")).toThrow("keeps no layers of a device");
});

test("a word's effect is the class's probability with it less that without it, for the first words, and can be stopped", async () => {
  const [whole = []] = await tryout.probabilities([{ text: "late and rude" }], "tuned");
  const [without = []] = await tryout.probabilities([{ text: "late and" }], "tuned");
  const seen: number[] = [];
  const effects = await tryout.wordEffects(
    { text: "late and rude" },
    { of: "tuned", classIndex: 1, maxWords: 9, onProgress: (done) => seen.push(done) },
  );
  expect(effects.map((part) => part.text).join("")).toBe("late and rude");
  expect(effects[4]?.effect).toBeCloseTo((whole[1] ?? 0) - (without[1] ?? 0), 5); // batched with others: other sums, other roundings
  expect(effects[1]?.effect).toBeNull();
  expect(seen).toEqual([0, 3]);
  const one = await tryout.wordEffects({ text: "late and rude" }, { of: "tuned", classIndex: 1, maxWords: 1 });
  expect(one.filter(({ effect }) => effect !== null)).toHaveLength(1);
  const stopped = tryout.wordEffects({ text }, { of: "tuned", classIndex: 0, maxWords: 99, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
});

test("a text that is longer than the backbone's positions says how many of its tokens are not read", () => {
  expect(tryout.fit({ text }).numCut).toBe(0);
  const { numTokens, numCut } = tryout.fit({ text: "late ".repeat(400) });
  expect(numTokens).toBeGreaterThan(380);
  expect(numCut).toBeGreaterThan(100);
  expect(numCut).toBeLessThan(numTokens);
});

test("parameters of another run, or of other shapes, are refused with a sentence and change nothing", async () => {
  const before = await tryout.probabilities([{ text }], "tuned");
  expect(() => tryout.takeTuned(fileOf({ ...run, task: "feedback/topic" }, tuned, []))).toThrow("of task feedback/topic, and this run has");
  const short = { ...tuned, "prefix/0": { shape: [2], data: new Float32Array(2) } };
  expect(() => tryout.takeTuned(fileOf(run, short, []))).toThrow(/under fedPepTao and prefix, prefix\/0 of shape .* and 2 came/);
  expect(() => tryout.takeTuned(new TextEncoder().encode("not a file at all"))).toThrow("safetensors");
  expect(await tryout.probabilities([{ text }], "tuned")).toEqual(before);
});

test("the file to download holds what was taken, with the run's settings", () => {
  const file = tryout.promptsFile() ?? new Uint8Array();
  expect(readPromptsFile(file, (settings) => settings as RunSettings)).toEqual({
    runId: "mine",
    settings: JSON.parse(JSON.stringify(run)),
    params: tuned,
  });
});

test("a reply is drawn token by token: greedily as the text predictor does, by seed at a temperature, and a large model beside it steers", async () => {
  const { promptTokens: _, ...kept } = presets.demo.tuning as RunSettings["tuning"] & { promptTokens?: number };
  const tuning = { ...kept, method: "lora", rank: 4, alpha: 8, head: "labelWords" } as object as RunSettings["tuning"];
  const replies: RunSettings = { ...presets.demo, backbone: "etude", task: "replies", tuning };
  const texts = await open(replies);
  const etude = await loadBackboneFolder(join(publicDir, "backbones/etude"));
  const params = drawn(replies, etude.config, replies, 5);
  texts.takeTuned(fileOf(replies, params, Object.keys(params)));
  const greedy = { maxNewTokens: 6, temperature: 0, seed: 1 };
  const steps: string[] = [];
  const onStep = ({ text: added, candidates, isEnd }: { text: string; candidates: readonly { probability: number }[]; isEnd: boolean }) => {
    if (!isEnd) steps.push(added);
    expect(candidates).toHaveLength(5);
  };
  const answer = await texts.draw(text, { of: "tuned", ...greedy }, { onStep });
  const predictor = await createTextPredictor(etude, replies, params);
  expect(answer.text).toBe(await predictor.answer({ kind: "reply", text, answer: "" }, { maxNewTokens: 6 }));
  expect(steps.join("").trim()).toBe(answer.text);
  predictor.dispose();
  const warm = (seed: number) => texts.draw(text, { of: "tuned", maxNewTokens: 12, temperature: 1.5, seed });
  const [first, again, other] = [await warm(3), await warm(3), await warm(4)];
  expect(again).toEqual(first);
  expect(other.text).not.toBe(first.text);
  await expect(async () => texts.draw(text, { of: "large", ...greedy })).rejects.toThrow("the large model is not loaded");
  await texts.openLarge(localUrls(publicDir, { ...replies, backbone: "concerto" }).manifestUrl, () => undefined);
  const large = await texts.draw(text, { of: "large", ...greedy });
  expect(await texts.draw(text, { of: "proxy", a: 0, ...greedy })).toEqual(large); // a = 0 leaves the large model alone
  expect((await texts.draw(text, { of: "proxy", a: 3, ...greedy })).text).not.toBe(large.text);
  const stop = new AbortController();
  const stopped = texts.draw(text, { of: "tuned", ...greedy }, { onStep: () => stop.abort(), signal: stop.signal });
  await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  texts.dispose();
});
