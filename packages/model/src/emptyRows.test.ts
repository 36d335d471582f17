import { readFileSync } from "node:fs";
import { createRandom, createSearchReplica, createSeedReplica, initialParams, presets, type RunSettings, type TaskSpec } from "@tutti/core";
import { type Example, findClassification } from "@tutti/data";
import { beforeAll, describe, expect, test } from "vitest";
import { backboneFromSafetensors } from "./backbone/checkpoint.ts";
import { createTransformer } from "./backbone/transformer.ts";
import { wordTableOf } from "./backbone/wordTable.ts";
import { startBackend } from "./backends.ts";
import { createSuffixPrompt } from "./causalTemplate.ts";
import { computeTask } from "./deviceTasks.ts";
import { createReader, createZeroShotReader, type ReaderParts } from "./reader.ts";
import { createPlainEncoder, createTemplate } from "./template.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";
import type { Workplace } from "./workplace.ts";

/** Words of a GPT-2-like vocabulary that puts nothing around a text, and has no unknown token. */
const words = ["<|endoftext|>", "<mask>", "good", "bad", "It", "was", "great", "terrible", "."];
const special = (id: number) => ({ id, content: words[id], special: true, normalized: false });
const tokenizerJson = JSON.stringify({
  added_tokens: [special(0), special(1)],
  normalizer: null,
  pre_tokenizer: { type: "WhitespaceSplit" },
  post_processor: null,
  decoder: null,
  model: { type: "WordLevel", vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: "<unk>" },
});
/** Each encodes to nothing: special tokens that are left out, unknown words, spaces. */
const empty = ["<|endoftext|>", "xylophone 😀", "  ", ""];
const filler = words.indexOf(".");

describe("a text without a token is one token", () => {
  const tokenizer = createTokenizer(tokenizerJson, '{"mask_token": "<mask>"}');

  test.each(empty)("in every encoder: %o", (text) => {
    expect(tokenizer.encode(text)).toEqual([]);
    expect(createPlainEncoder(tokenizer).encode({ text }, 9)).toEqual({ ids: [filler], maskPosition: null });
    expect(createPlainEncoder(tokenizer).encode({ text, textB: text }, 9).ids).toEqual([filler]);
    expect(createSuffixPrompt(tokenizer, findClassification("feedback/sentiment", "this test")).encoder.encode({ text }, 20)).toEqual({
      ids: [filler],
      maskPosition: 0,
    });
    expect(createTemplate(tokenizer, "{text} It was {mask} .").encode({ text }, 20)).toEqual({ ids: [4, 5, 1, 8], maskPosition: 2 });
  });

  test("also where the vocabulary does not know the full stop", () => {
    const without = tokenizerJson.replace('".":8', '"Z":8');
    expect(createPlainEncoder(createTokenizer(without, null)).encode({ text: "" }, 9).ids).toEqual([0]);
  });
});

test("the mask is where the template has it, also where a text names one that is no special token", () => {
  const plainMask = createTokenizer(
    tokenizerJson.replace(`${JSON.stringify(special(1))}`, JSON.stringify({ ...special(1), special: false })),
    '{"mask_token": "<mask>"}',
  );
  expect(createTemplate(plainMask, "{text} It was {mask} .").encode({ text: "good <mask> bad" }, 20)).toEqual({
    ids: [2, 1, 3, 4, 5, 1, 8],
    maskPosition: 5,
  });
});

const run: RunSettings = {
  ...presets.demo,
  tuning: { ...presets.demo.tuning, method: "prefix", promptTokens: 3, head: "linear", lossOver: "vocabulary" },
  training: { ...presets.demo.training, batchSize: 3, localEpochs: 1 },
};
const task = findClassification("feedback/sentiment", "this test");
const rows = (texts: readonly string[]): Example[] => texts.map((text, i) => ({ text, label: i % 2 }));

describe("a device whose rows are without a token", () => {
  let parts: ReaderParts;
  let place: Workplace;

  beforeAll(async () => {
    await startBackend("cpu");
    const file = (name: string) => readFileSync(new URL(`../golden/gpt2/${name}`, import.meta.url));
    const backbone = backboneFromSafetensors({ configJson: file("config.json").toString(), tokenizerJson }, file("model.safetensors"));
    const transformer = createTransformer(backbone);
    const layout = tunedLayout(backbone.config, run.tuning, task.classes.length);
    const random = createRandom(run.seed);
    const tokenizer: TextTokenizer = createTokenizer(tokenizerJson, null);
    parts = { transformer, tokenizer, layout, tuner: createTuner(transformer, run.tuning, { random }) };
    const train = rows([...empty, "good", "bad", "good bad", "<|endoftext|> good"]);
    const test = rows(["<|endoftext|>", "good", "", "bad"]);
    place = {
      run,
      task,
      random,
      backbone,
      transformer,
      layout,
      reader: createReader(parts, task, run.tuning),
      zeroShotReader: () => createZeroShotReader(parts, task, run.tuning),
      searchReplica: createSearchReplica(),
      wordTable: () => wordTableOf(backbone),
      seedReplica: createSeedReplica(run.seed),
      publicExamples: () => [],
      examplesOf: () => ({ train, personalised: test, globalTest: test, globalValidation: test }),
    };
  });

  const taskOf = (spec: TaskSpec, numExamples: number) => {
    const global = initialParams(place.layout.entries, place.random);
    const shapes = spec.kind === "train" ? Object.fromEntries(Object.entries(global).map(([name, { shape }]) => [name, shape])) : {};
    const expects = { shapes, encoding: "f32", batchSize: run.training.batchSize, numExamples } as const;
    return { deviceId: 1, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global }, expects } as const;
  };

  const compute = (spec: TaskSpec) => {
    const examples = place.examplesOf({ kind: "share", index: 0 });
    return computeTask({ place, examples, task: taskOf(spec, examples.train.length), state: null });
  };

  test("trains on all of them", async () => {
    const { body } = await compute({ kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false });
    expect(body).toMatchObject({ kind: "train", numSteps: 3 }); // 8 rows in batches of 3
    expect(body.kind === "train" && Number.isFinite(body.lastLoss)).toBe(true);
  });

  test("scores layers, probes the spectrum and evaluates every row, with prompts and without", async () => {
    const score = { kind: "score", selector: "score", minBatch: 8, dropout: false, maskPadding: true, scoreLastLayer: true } as const;
    const scored = await compute(score);
    const scores = scored.body.kind === "score" ? (scored.body.layerScores ?? []) : [];
    expect(scores.length).toBeGreaterThan(0);
    expect(scores.every((value) => value === null || Number.isFinite(value))).toBe(true);
    const probed = await compute({ kind: "probe", lanczosSteps: 1 });
    expect(probed.body.kind).toBe("probe");
    const { body } = await compute({ kind: "evaluate", protocols: ["personalised", "global", "zeroShot"], splits: ["test"] });
    const results = body.kind === "evaluate" ? body.results : [];
    const counts = results.map((result) => ("confusion" in result ? result.confusion.flat().reduce((a, b) => a + b, 0) : 0));
    expect(counts).toEqual([4, 4, 4]);
  });

  test("says which of its rows it cannot read, without the text", async () => {
    const pairs = { ...task, prompts: [{ template: "{text} ? {mask} , {textB}", labelWords: ["good", "bad"] }] };
    const tokenizer = createTokenizer(tokenizerJson, '{"mask_token": "<mask>"}');
    const { transformer } = parts;
    const encoder = { ...parts, tokenizer, transformer: { ...transformer, config: { ...transformer.config, isCausal: false } } };
    const reader = createReader(encoder, pairs, { ...run.tuning, head: "labelWords" });
    const [complete, single] = [
      { text: "good", textB: "bad", label: 0 },
      { text: "a secret", label: 1 },
    ];
    const train = [complete, { ...complete }, { ...complete }, single];
    const spec = { kind: "score", selector: "score", minBatch: 8, dropout: false, maskPadding: true, scoreLastLayer: true } as const;
    const declined = computeTask({
      place: { ...place, reader },
      examples: { ...place.examplesOf({ kind: "share", index: 0 }), train },
      task: taskOf(spec, train.length),
      state: null,
    });
    const sentence = "row 4 of 4 training examples: the template asks for textB, which this example does not have";
    await expect(declined).rejects.toThrow(new Error(sentence));
    expect(() => reader.encode([single], { name: "training examples", rows: train })).toThrow(sentence);
  });
});
