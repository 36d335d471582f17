import { createRandom, presets, type RunSettings } from "@tutti/core";
import type { ContinuationTask, TextExample } from "@tutti/data";
import { beforeAll, expect, test } from "vitest";
import { createTransformer } from "./backbone/transformer.ts";
import { startBackend } from "./backends.ts";
import { generate } from "./generation.ts";
import type { ReaderParts } from "./reader.ts";
import { createReaders } from "./readers.ts";
import { goldenBackbone } from "./testing/golden.ts";
import { wordTokenizer, wordTokenizerConfig } from "./testing/textPlace.ts";
import { createTextReader } from "./textReader.ts";
import { createTokenizer } from "./tokenizer.ts";
import { createTuner } from "./tuning/createTuner.ts";
import { tunedLayout } from "./tuning/layout.ts";

const task: ContinuationTask = {
  kind: "continuation",
  name: "diaries",
  title: "Diaries",
  dataset: "diaries",
  files: { train: "train.jsonl", validation: null, test: "test.jsonl" },
  fields: { text: "text", group: null, owner: "author" },
  groups: [],
  metric: "perplexity",
};
const tuning = { ...presets.demo.tuning, head: "labelWords", positionsAfterPrefix: true } as RunSettings["tuning"];
const long = Array.from({ length: 60 }, (_, i) => `w${20 + i}`).join(" ");
const examples: readonly TextExample[] = [
  { kind: "continuation", text: " w20 w21 w22\n" },
  { kind: "continuation", text: long },
];

let parts: ReaderParts;
beforeAll(async () => {
  await startBackend("cpu");
  const transformer = createTransformer(goldenBackbone("gpt2"));
  const tokenizer = createTokenizer(wordTokenizer(), wordTokenizerConfig());
  const layout = tunedLayout(transformer.config, tuning, null);
  parts = { transformer, tokenizer, layout, tuner: createTuner(transformer, tuning, { random: createRandom(1) }) };
});

const options = { among: { name: "test examples", rows: examples }, maxGenerated: 5, maxNewTokens: 4 };

test("of plain text every token is predicted and counted, as far as it fits, and nothing is generated", async () => {
  const { reader, createZeroShot } = await createReaders(parts, task, { tuning, tokenizerConfig: null });
  const numPlaces = 40 - 16; // the text's positions come after the prompt's
  expect(reader.encode(examples).map(({ ids, answer }) => [ids.length, answer?.start])).toEqual([
    [4, 1],
    [numPlaces, 1],
  ]);
  const bare = await createZeroShot().evaluate(null, examples, options);
  const ofBytes = (numWords: number) => 4 * numWords - 1; // spaces between words, and none at the ends
  expect("text" in bare ? bare.text : null).toMatchObject({
    numExamples: 2,
    numTokens: 3 + 39,
    numBytes: ofBytes(3) + ofBytes(39),
    generated: null,
  });
});

test("a text to be continued is read whole, and goes on with the likeliest tokens", async () => {
  const reader = createTextReader(parts, task, { tuning, prompter: ({ text }) => ({ prompt: "", answer: text, isChat: false }) });
  const { transformer, tokenizer } = parts;
  const found = await generate(transformer, [0, 20, 21, 22], {
    temperature: 0,
    topP: 1,
    maxNewTokens: 5,
    stopTokens: [1],
    random: createRandom(1).stream({ purpose: "none" }),
  });
  expect(await reader.answer(null, { kind: "continuation", text: "w20 w21 w22" }, 5)).toBe(tokenizer.decode(found));
});

test("an error names the row by its number, and says nothing of its text", async () => {
  const { reader } = await createReaders(
    { ...parts, tokenizer: { ...parts.tokenizer, encode: (text) => (text.includes("secret") ? [] : [20]) } },
    task,
    { tuning, tokenizerConfig: null },
  );
  const rows = [...examples, { kind: "continuation", text: "secret" } as const];
  expect(() => reader.encode(rows, { name: "training examples", rows })).toThrow(
    /^row 3 of 3 training examples: its answer has no token of this backbone's vocabulary: write one, or take the row out$/,
  );
});
