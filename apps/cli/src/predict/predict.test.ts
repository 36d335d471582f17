import { expect, test } from "vitest";
import { answerJson, answerText } from "./answers.ts";
import { askedTexts } from "./askedTexts.ts";

const names = { classes: ["positive", "negative"], labelWords: ["great", "negative"] };

test("classes are shown with the likeliest first, their label words where these are other words, and bars to scale", () => {
  expect(answerText({ text: "Too dear" }, [0.25, 0.75], names)).toBe(
    `Too dear\n  negative            0.750  ${"█".repeat(15)}\n  positive ("great")  0.250  █████`,
  );
  expect(answerText({ text: "a", textB: "b" }, [1, 0], { ...names, labelWords: null }).split("\n")).toEqual([
    "a | b",
    `  positive  1.000  ${"█".repeat(20)}`,
    "  negative  0.000",
  ]);
});

test("a line of JSON has the text, the likeliest class with its word, and every class's probability", () => {
  expect(JSON.parse(answerJson({ text: "a", textB: "b" }, [0.6, 0.4], names))).toEqual({
    text: "a",
    textB: "b",
    label: "positive",
    labelWord: "great",
    probabilities: { positive: 0.6, negative: 0.4 },
  });
});

test("a pair's texts have a tab between them, and another number of texts is refused with where it is", () => {
  expect(askedTexts(["a\tb"], { name: "boolq", isPair: true })).toEqual([{ text: "a", textB: "b" }]);
  expect(askedTexts(["a\tb"], { name: "sst2", isPair: false })).toEqual([{ text: "a\tb" }]);
  expect(() => askedTexts(["a\tb", "c"], { name: "boolq", isPair: true })).toThrow(
    "text 2: found no tab, expected two texts with a tab between them, because boolq has pairs",
  );
  expect(() => askedTexts(["a\tb\tc"], { name: "boolq", isPair: true })).toThrow("text 1: found 2 tabs");
});
