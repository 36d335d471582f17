import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findClassification } from "@tutti/data";
import { describe, expect, test } from "vitest";
import { createNextWordPrompt, createSuffixPrompt, encodeContinuation } from "./causalTemplate.ts";
import { createTokenizer, type TextTokenizer } from "./tokenizer.ts";

const task = findClassification("feedback/sentiment", "this test");

/** A GPT-2-like byte-level tokenizer over a few words; each word exists behind a space, and `was` also without one. */
function wordTokenizer(words: readonly string[]): TextTokenizer {
  const vocab = Object.fromEntries(["<unk>", ...words].map((word, id) => [word, id]));
  const model = { type: "WordLevel", vocab, unk_token: "<unk>" };
  const preTokenizer = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const parts = { added_tokens: [], normalizer: null, pre_tokenizer: preTokenizer, post_processor: null, decoder: { type: "ByteLevel" } };
  return createTokenizer(JSON.stringify({ ...parts, model }), null);
}

const words = ["a", "good", "ĠIt", "Ġwas", "Ġ.", "Ġterrible", "Ġgreat", "Ġday"];
const id = (word: string) => words.indexOf(word) + 1;
const suffixOf = (word: string) => ["ĠIt", "Ġwas", `Ġ${word}`, "Ġ."].map(id);

test("a suffix is the filled-in sentence behind the text, one per class", () => {
  const { encoder, suffixes } = createSuffixPrompt(wordTokenizer(words), task);
  expect(suffixes).toEqual([suffixOf("terrible"), suffixOf("great")]);
  expect(encoder.encode({ text: " good day " }, 20)).toEqual({ ids: ["good", "Ġday"].map(id), maskPosition: 1 });
});

test("a text is cut so that the longest suffix fits, and never to nothing", () => {
  const { encoder } = createSuffixPrompt(wordTokenizer(words), task);
  expect(encoder.encode({ text: "good day day day" }, 6).ids).toEqual(["good", "Ġday"].map(id));
  expect(() => encoder.encode({ text: "good" }, 4)).toThrow("the prompt alone has 4 tokens, which leaves no room for text in 4");
  expect(encoder.encode({ text: "" }, 9).ids).toHaveLength(1);
});

test("the next word is asked for behind the lead, and read at its last token", () => {
  const { encoder, labelIds } = createNextWordPrompt(wordTokenizer(words), task);
  expect(labelIds).toEqual(["Ġterrible", "Ġgreat"].map(id));
  const { ids, maskPosition } = encoder.encode({ text: "good", textB: "day" }, 20);
  expect(ids).toEqual(["good", "Ġday", "ĠIt", "Ġwas"].map(id));
  expect(maskPosition).toBe(3);
});

test("label words that are one token to none of the prompts are refused by name", () => {
  const refused = (...labelWords: string[]) =>
    expect(() => createNextWordPrompt(wordTokenizer(words), { ...task, prompts: [{ template: "", labelWords }] }));
  refused("awful", "splendid").toThrow('label word "awful" is not in its vocabulary');
  refused("great", "great").toThrow('label word "great" is the same token as another class\'s');
});

const stories = fileURLToPath(new URL("../../../../shared/backbones/stories260k/tokenizer.json", import.meta.url));
const isThere = existsSync(stories);

describe.runIf(isThere)("a tokenizer that puts a space before every text", () => {
  test("gives a continuation the tokens it has behind a word", async () => {
    const tokenizer = createTokenizer(await readFile(stories, "utf8"), null);
    const whole = tokenizer.encode("Lily was happy");
    expect([...tokenizer.encode("Lily"), ...encodeContinuation(tokenizer, " was happy")]).toEqual(whole);
    expect(tokenizer.encode(" was happy")).not.toEqual(encodeContinuation(tokenizer, " was happy"));
  });
});

if (!isThere) test("stories260k", (context) => context.skip("skipped: no ../shared"));
