import { expect, test } from "vitest";
import { branchFaults } from "../branchFaults.ts";
import { presets } from "../presets.ts";
import { createRandom } from "../random.ts";
import type { RunSettings } from "../run.ts";
import { commonDefaults } from "./declaration.ts";
import { type LoraOwn, loraMatrices } from "./loraMatrices.ts";
import { type TunedMethod, type TuningSettings, tuningMeaning, tuningMisfits, tuningSchema } from "./table.ts";
import { initialParams, tunedEntries } from "./tuned.ts";

/** Grouped queries, a width of heads that is not the hidden one, and a gate. */
const sizes = {
  numLayers: 2,
  hiddenSize: 12,
  keyValueWidth: 6,
  queryWidth: 18,
  weights: ["up", "gate"]
    .map((name) => ({ name: `layers.0.feedForward.${name}.weight`, shape: [20, 12] }))
    .concat({ name: "layers.0.feedForward.down.weight", shape: [12, 20] }),
};
const withoutGate = { ...sizes, weights: sizes.weights.filter(({ name }) => !name.includes("gate")) };
const own = (more: Partial<LoraOwn>): LoraOwn => ({ rank: 4, alpha: 8, ...more });
const tuning = (more: Partial<LoraOwn> & { readonly dropout?: number }): TuningSettings => ({
  method: "lora",
  ...own(more),
  ...commonDefaults,
});
const described = (more: Partial<LoraOwn>) =>
  tunedEntries(sizes, { method: "lora", ...own(more), head: "labelWords" }, 4).map(({ name, shape }) => `${name} ${shape}`);

test("settings that runs had before mean what they did: queries and values, in that order, from the same draws", () => {
  const before = { method: "lora", rank: 4, alpha: 8, ...commonDefaults };
  expect(JSON.stringify(tuningSchema.parse(before))).toBe(JSON.stringify(before));
  const names = ["query", "value"].flatMap((matrix) => ["a", "b"].map((factor) => `lora/1/${matrix}/${factor}`));
  expect(described({}).slice(4)).toEqual([`${names[0]} 4,12`, `${names[1]} 18,4`, `${names[2]} 4,12`, `${names[3]} 6,4`]);
  const method: TunedMethod = { method: "lora", rank: 4, alpha: 8, head: "labelWords" };
  const start = (targets: Partial<LoraOwn>) => initialParams(tunedEntries(sizes, { ...method, ...targets }, 4), createRandom(5));
  const whole = start({ targets: ["down", "v", "o", "q"] });
  for (const [name, tensor] of Object.entries(start({}))) expect(whole[name], name).toEqual(tensor);
});

test("matrices come in the layer's order with their own shapes and ranks, whatever order they are named in", () => {
  expect(described({ targets: ["down", "gate", "up", "o", "v", "k", "q"], ranks: { k: 2, down: 5 } }).slice(0, 14)).toEqual([
    "lora/0/query/a 4,12",
    "lora/0/query/b 18,4",
    "lora/0/key/a 2,12",
    "lora/0/key/b 6,2",
    "lora/0/value/a 4,12",
    "lora/0/value/b 6,4",
    "lora/0/output/a 4,18",
    "lora/0/output/b 12,4",
    "lora/0/up/a 4,12",
    "lora/0/up/b 20,4",
    "lora/0/gate/a 4,12",
    "lora/0/gate/b 20,4",
    "lora/0/down/a 5,20",
    "lora/0/down/b 12,5",
  ]);
});

test("the scale is alpha over the rank, or over its root, with a matrix's own values where it has them", () => {
  const scales = (more: Partial<LoraOwn>) =>
    loraMatrices(own({ targets: ["q", "k"], ranks: { k: 9 }, alphas: { q: 6 }, ...more })).map(({ scale }) => scale);
  expect(scales({})).toEqual([6 / 4, 8 / 9]);
  expect(scales({ alphaOver: "rootRank" })).toEqual([6 / 2, 8 / 3]);
});

test("a matrix that the backbone lacks, and a rank above a matrix's smaller side, are refused with what to do", () => {
  expect(tuningMisfits(sizes, tuning({ targets: ["gate"] }))).toEqual([]);
  expect(tuningMisfits(withoutGate, tuning({ targets: ["gate", "up"] }))).toEqual([
    "tuning.targets: found gate, but this backbone's feed-forward part has no gate matrix, as those of LLaMA's family have; take gate out",
  ]);
  expect(tuningMisfits(sizes, tuning({ rank: 12, targets: ["q", "k", "down"], ranks: { down: 13 } }))).toEqual([
    "tuning.rank: found 12, expected at most 6 for k, whose matrix is 6 × 12; lower it, or give k its own in tuning.ranks",
    "tuning.ranks.down: found 13, expected at most 12 for down, whose matrix is 12 × 20; lower it",
  ]);
  const tooHigh: TunedMethod = { method: "lora", rank: 7, alpha: 1, head: "labelWords" };
  expect(() => tunedEntries(sizes, tooHigh, 4)).toThrow("tuning.rank: found 7, expected at most 6 for v");
});

test("a matrix named twice, none at all, and a rank or an alpha of one that is not named are refused", () => {
  const errors = (more: object) =>
    tuningSchema.safeParse({ ...tuning({}), ...more }).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  expect(errors({ targets: ["q", "v", "q"] })).toEqual(["targets: q is named twice: name each matrix once"]);
  expect(errors({ ranks: { k: 3 }, alphas: { up: 3 } })).toEqual([
    "ranks.k: k is not among targets: add it there, or leave this out",
    "alphas.up: up is not among targets: add it there, or leave this out",
  ]);
  for (const bad of [
    { targets: [] },
    { targets: ["query"] },
    { ranks: { q: 0 } },
    { dropout: 1 },
    { alphaOver: "root" },
    { ranks: { query: 4 } },
  ])
    expect(errors(bad), JSON.stringify(bad)).toHaveLength(1);
});

test("settings that mean the same parameters are the same meaning, and dropout is none of it", () => {
  const plain = tuningMeaning(tuning({}));
  expect(tuningMeaning(tuning({ targets: ["v", "q"], ranks: { q: 4 }, alphas: {}, alphaOver: "rank", dropout: 0.3 }))).toEqual(plain);
  expect(tuningMeaning({ ...tuning({ ranks: { q: 4, v: 4 } }), rank: 7 } as TuningSettings)).toEqual(plain);
  for (const other of [{ targets: ["q"] }, { ranks: { q: 5 } }, { alphas: { v: 9 } }, { alphaOver: "rootRank" }] as const)
    expect(tuningMeaning(tuning(other))).not.toEqual(plain);
});

test("a branch may have another dropout, and not other matrices", () => {
  const run = (more: Parameters<typeof tuning>[0]): RunSettings => ({ ...presets.demo, numRounds: 9, tuning: tuning(more) });
  expect(branchFaults(run({}), run({ dropout: 0.2, targets: ["q", "v"] }), 3)).toEqual([]);
  expect(branchFaults(run({}), run({ targets: ["q", "v", "o"], ranks: { o: 2 } }), 3)).toEqual([
    expect.stringMatching(/^tuning\.targets: found \["q","v","o"\], expected \["q","v"\]/),
    expect.stringMatching(/^tuning\.ranks\.o: found 2, expected nothing/),
  ]);
});
