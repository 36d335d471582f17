import { expect, test } from "vitest";
import { commonDefaults } from "./declaration.ts";
import {
  componentRankOf,
  editedTokensOf,
  hasLayers,
  promptTokensOf,
  searchedSizeOf,
  sourcePromptsOf,
  type TuningMethodName,
  type TuningSettings,
  tuningMisfits,
  tuningOf,
  tuningSchema,
  tunings,
} from "./table.ts";
import { tunedEntries } from "./tuned.ts";

const names = Object.keys(tunings) as TuningMethodName[];
const sizes = {
  numLayers: 3,
  hiddenSize: 12,
  keyValueWidth: 9,
  weights: [
    { name: "embeddings.word", shape: [50, 12] },
    { name: "layers.0.attention.query.weight", shape: [12, 12] },
    { name: "layers.2.attention.query.weight", shape: [12, 12] },
    { name: "norm.weight", shape: [12] },
  ],
};
const settingsOf = (name: TuningMethodName) => tuningSchema.parse({ ...tunings[name].defaults, ...commonDefaults });

test.each(names)("%s is found by its name, and its defaults are within its bounds, with nothing left out", (name) => {
  const { method, title, about, settings } = tunings[name];
  const { leftOut = {} }: { readonly leftOut?: object } = tunings[name];
  expect(method).toBe(name);
  expect(title.length).toBeGreaterThan(2);
  expect(about).toMatch(/^[A-Z].*\.$/);
  const whole = settingsOf(name);
  for (const setting of [...Object.keys(settings), "head", "promptDropout"]) {
    const less = Object.fromEntries(Object.entries(whole).filter(([key]) => key !== setting));
    expect(tuningSchema.safeParse(less).success, setting).toBe(setting in leftOut);
  }
});

test.each(names)("%s names none but settings that it has where it says how it deviates", (name) => {
  const { deviations }: { readonly deviations?: readonly string[] } = tunings[name];
  const named = (deviations ?? []).flatMap((sentence) => [...sentence.matchAll(/`(\w+)`/g)].map(([, word]) => word));
  expect(named.filter((word) => !Object.hasOwn({ ...tunings[name].settings, ...commonDefaults }, word))).toEqual([]);
});

test.each(names)("%s has layers as its declaration says", (name) => {
  const tuning = settingsOf(name);
  const entries = tunedEntries(sizes, { ...tuning, head: "labelWords" }, 4);
  expect(entries.some(({ layer }) => layer !== null)).toBe(hasLayers(tuning));
});

test("dropout is of what is itself put among rows or keys, and of nothing that makes it", () => {
  const prompts = names.flatMap((name) => tunedEntries(sizes, settingsOf(name), 4).filter(({ isPrompt }) => isPrompt));
  expect(prompts.map(({ name }) => name)).toEqual(["prefix/0", "prefix/1", "prefix/2", "prompt", "attempt/prompt"]);
});

test("source prompts are named by the tuning method that mixes them, and by no other", () => {
  const tuning: TuningSettings = { ...tunings.attempt.defaults, ...commonDefaults, sources: ["pets"], promptTokens: 7 };
  expect(sourcePromptsOf(tuning)).toEqual({ sources: ["pets"], promptTokens: 7 });
  expect(names.filter((name) => sourcePromptsOf(settingsOf(name)) !== null)).toEqual(["attempt"]);
});

test("a projected prompt is the one that is a vector, which can be searched", () => {
  const sizes = names.map((name) => searchedSizeOf(settingsOf(name)));
  expect(names.filter((_, at) => sizes[at] !== null)).toEqual(["projectedPrompt"]);
  expect(sizes[names.indexOf("projectedPrompt")]).toBe(tunings.projectedPrompt.defaults.dimension);
});

test("SVD-form LoRA is the one whose components can be left out", () => {
  expect(names.filter((name) => componentRankOf(settingsOf(name)) !== null)).toEqual(["svdLora"]);
  expect(componentRankOf({ ...tunings.svdLora.defaults, ...commonDefaults, rank: 5 })).toBe(5);
});

test("a method says how many prompt tokens it has, and none where it has no prompts", () => {
  const counts = names.map((name) => promptTokensOf(tuningSchema.parse({ ...settingsOf(name), ...withTokens(name, 7) })));
  expect(Object.fromEntries(names.map((name, at) => [name, counts[at]]))).toEqual({
    prefix: 7,
    inputPrompt: 7,
    idpg: 7,
    attempt: 7,
    latePrompt: 7,
    projectedPrompt: 7,
    discretePrompt: 7,
    adapter: null,
    lora: null,
    full: null,
    tensorTrain: null,
    svdLora: null,
  });
});

const withTokens = (name: TuningMethodName, promptTokens: number) => ("promptTokens" in tunings[name].settings ? { promptTokens } : {});

test("only a prompt that starts from rows of the vocabulary, or is projected, means something else under another seed", () => {
  const relative = (tuning: TuningSettings) => tuningOf(tuning).isRelativeToSeed(tuning);
  expect(names.filter((name) => relative(settingsOf(name)))).toEqual(["projectedPrompt"]);
  expect(relative({ ...tunings.inputPrompt.defaults, ...commonDefaults, initial: "vocabulary" })).toBe(true);
});

test("a discrete prompt is the one that is words, which can be edited, of an encoder alone", () => {
  const edited = names.map((name) => editedTokensOf(settingsOf(name)));
  expect(names.filter((_, at) => edited[at] !== null)).toEqual(["discretePrompt"]);
  const tuning = settingsOf("discretePrompt");
  const sizes = { numLayers: 2, hiddenSize: 4, keyValueWidth: 4 };
  expect(tuningMisfits(sizes, tuning)).toEqual([]);
  expect(tuningMisfits({ ...sizes, isCausal: true }, tuning)[0]).toContain("choose an encoder");
});
