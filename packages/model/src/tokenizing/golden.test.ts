import { readFileSync } from "node:fs";
import { tokenTable } from "@tutti/core";
import { describe, expect, test } from "vitest";
import { createPlainEncoder } from "../template.ts";
import { createTokenizer } from "../tokenizer.ts";
import { readTokenizerFile } from "./tokenizerFile.ts";

interface Golden {
  readonly texts: readonly string[];
  readonly tokenizers: readonly {
    readonly name: string;
    readonly tokenizer: object;
    /** Ids of each text without the special tokens around it; null where the reference ends with an error. */
    readonly ids: readonly (string | null)[];
    /** Texts of one tokenizer alone, with their ids. */
    readonly more?: readonly (readonly [string, string])[];
    /** "the great room" with the special tokens around it. */
    readonly whole?: readonly number[] | null;
    /** The pair of "great" and "room". */
    readonly pair: readonly number[] | null;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../../golden/tokenizers/golden.json", import.meta.url), "utf8"));
const idsOf = (text: string) => (text === "" ? [] : text.split(" ").map(Number));

describe.each(golden.tokenizers)("$name", ({ tokenizer: json, ids, more = [], whole, pair }) => {
  const tokenizer = createTokenizer(JSON.stringify(json), null);
  const plain = createPlainEncoder(tokenizer);

  test("every text has the reference's ids, one by one", () => {
    const found = golden.texts.map((text, i) => (ids[i] === null ? null : tokenizer.encodeTemplate(text)));
    expect(found).toEqual(ids.map((text) => (text === null ? null : idsOf(text))));
    for (const [text, expected] of more) expect(tokenizer.encodeTemplate(text), text).toEqual(idsOf(expected));
  });

  test("the token table that is hashed gives each id the token that the tokenizer reads", () => {
    const table = [...tokenTable(JSON.stringify(json))];
    expect(table.filter(([id, token]) => tokenizer.tokenOf(id) !== token)).toEqual([]);
    const past = table.length; // ids are 0 to the last without a gap in all of these
    expect([table.length, tokenizer.tokenOf(past)]).toEqual([readTokenizerFile(JSON.stringify(json)).largestId + 1, `[${past}]`]);
  });

  test("a text as devices read it is the reference's with the special tokens around it, spaces at its ends included", () => {
    const { before, after } = tokenizer.specials;
    for (const [i, text] of golden.texts.entries()) {
      const expected = ids[i] ?? null;
      if (expected === null || tokenizer.tokensOf(text).some(({ isWritten }) => isWritten)) continue;
      const whole = [...before, ...idsOf(expected), ...after];
      expect(plain.encode({ text }, 512).ids, text).toEqual(whole.length === 0 ? [tokenizer.fillerId] : whole);
    }
  });

  test("the special tokens around a text and around a pair are the reference's", () => {
    if (whole !== null && whole !== undefined) expect(plain.encode({ text: "the great room" }, 512).ids).toEqual(whole);
    if (pair !== null) expect(plain.encode({ text: "great", textB: "room" }, 512).ids).toEqual(pair);
  });

  test("no id is undefined, and of people's texts only special tokens written out in them are left out", () => {
    for (const text of golden.texts) {
      const all = tokenizer.tokensOf(text);
      expect(all.every(({ id }) => Number.isInteger(id) && id >= 0)).toBe(true);
      expect(tokenizer.encode(text)).toEqual(all.filter(({ isWritten }) => !isWritten).map(({ id }) => id));
      expect(plain.encode({ text }, 512).ids.length).toBeGreaterThan(0);
    }
  });
});

test("the table holds every kind of model, with bytes for what is unknown, without the letter a, and texts of every kind", () => {
  const kinds = new Set(golden.tokenizers.map(({ tokenizer }) => (tokenizer as { model: { type: string } }).model.type));
  expect([...kinds].sort()).toEqual(["BPE", "Unigram", "WordLevel", "WordPiece"]);
  for (const text of ["", " ", "😀", "[UNK]", "[MASK] great [SEP] room", "the xylophone zzz"]) expect(golden.texts).toContain(text);
  const numKnown = golden.tokenizers.flatMap(({ ids }) => ids).filter((ids) => ids !== null && ids !== "").length;
  expect(numKnown).toBeGreaterThan(1500);
});
