import fc from "fast-check";
import { expect, test } from "vitest";
import { compareTexts, isExactMatch } from "./compareTexts.ts";
import { generationScores, mergeGenerationSums, mergeTextSums, noGeneration, noText, type TextSums, textScores } from "./textSums.ts";

test("loss and perplexity per token and per byte, and token accuracy, by hand", () => {
  // p = 1/2, 1/4 and 1/8 for three tokens of 12 bytes: ln 64 in all
  const scores = textScores({ numTexts: 1, numTokens: 3, numBytes: 12, lossSum: Math.log(64), numRightTokens: 2 });
  expect(scores.lossPerToken).toBeCloseTo(2 * Math.log(2), 14);
  expect(scores.perplexityPerToken).toBeCloseTo(4, 13);
  expect(scores.lossPerByte).toBeCloseTo(Math.log(2) / 2, 14);
  expect(scores.perplexityPerByte).toBeCloseTo(Math.SQRT2, 14);
  expect(scores.tokenAccuracy).toBe(2 / 3);
});

test("without tokens every score is null and not NaN", () => {
  const none = { lossPerToken: null, perplexityPerToken: null, lossPerByte: null, perplexityPerByte: null, tokenAccuracy: null };
  expect(textScores(mergeTextSums([]))).toEqual(none);
  expect(generationScores(noGeneration)).toEqual({ exactMatch: null, rougeL: null });
});

test("the scores of all texts are those of the sums of their parts, however they are dealt over devices", () => {
  const part = fc.record({
    numTexts: fc.nat(50),
    numTokens: fc.nat(500),
    numBytes: fc.nat(3000),
    lossSum: fc.nat(4000).map((units) => units / 8), // sums of eighths are exact in any order
    numRightTokens: fc.nat(500),
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.nat(11), (parts, cut) => {
      const halves = [parts.slice(0, cut), parts.slice(cut)].map(mergeTextSums);
      expect(mergeTextSums(halves)).toEqual(mergeTextSums(parts));
      expect(mergeTextSums([...parts].reverse())).toEqual(mergeTextSums(parts));
    }),
    { numRuns: 40 },
  );
});

test("merging changes nothing that is handed in", () => {
  const one: TextSums = { numTexts: 2, numTokens: 7, numBytes: 31, lossSum: 5.5, numRightTokens: 3 };
  mergeTextSums([one, one]);
  expect(one).toEqual({ numTexts: 2, numTokens: 7, numBytes: 31, lossSum: 5.5, numRightTokens: 3 });
  expect(noText.numTexts).toBe(0);
});

test("a text is exact whatever its case and white space, and not without its punctuation", () => {
  expect(isExactMatch("Sorry for that.\nWe will  refund you.", " sorry for that. we will refund you. ")).toBe(true);
  expect(isExactMatch("Sorry for that.", "Sorry for that")).toBe(false);
  expect(isExactMatch("cafe\u0301", "CAFÉ")).toBe(true);
});

test("generated texts add up to the share that is exact and to the mean F of ROUGE-L", () => {
  const sums = mergeGenerationSums([
    compareTexts("We will refund you.", "we will refund you."),
    compareTexts("Thank you for the kind words.", "thank you for nothing"), // 3 of 6 and 3 of 4
    compareTexts("Sorry.", ""),
  ]);
  expect(sums).toEqual({ numTexts: 3, numExact: 1, rougeLSum: 1 + 0.6 });
  expect(generationScores(sums)).toEqual({ exactMatch: 1 / 3, rougeL: 1.6 / 3 });
});
