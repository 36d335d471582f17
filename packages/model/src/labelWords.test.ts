import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chooseLabelWords } from "./labelWords.ts";
import { createTokenizer } from "./tokenizer.ts";

const folder = fileURLToPath(new URL("../../../public/backbones/minuet/", import.meta.url));
const read = (name: string) => readFile(`${folder}${name}`, "utf8");
const minuet = createTokenizer(await read("tokenizer.json"), await read("tokenizer_config.json"));

test("a label that is a word of minuet answers for itself, whatever its case", () => {
  expect(chooseLabelWords(["happy", "Sad"], minuet)).toEqual([
    { name: "happy", word: "happy", isOwn: true },
    { name: "Sad", word: "sad", isOwn: true },
  ]);
});

test("of several words the longest that minuet has as one token answers, and no two labels share one", () => {
  expect(chooseLabelWords(["very happy", "happy"], minuet).map(({ word }) => word)).toEqual(["very", "happy"]);
  expect(chooseLabelWords(["about sports", "about music"], minuet).map(({ word }) => word)).toEqual(["sports", "music"]);
});

test("a label that minuet has no word for gets one that means nothing yet, and it is told", () => {
  expect(chooseLabelWords(["fröhlich", "嬉しい", "one"], minuet)).toEqual([
    { name: "fröhlich", word: "two", isOwn: false },
    { name: "嬉しい", word: "three", isOwn: false },
    { name: "one", word: "one", isOwn: true },
  ]);
});
