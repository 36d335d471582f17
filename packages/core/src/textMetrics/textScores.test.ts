import fc from "fast-check";
import { expect, test } from "vitest";
import { addTextSums, type TextSums } from "../textSums.ts";
import { compareTexts, isExactMatch } from "./compareTexts.ts";
import { measureText, noText, textScores } from "./textScores.ts";

const sums: TextSums = {
  numExamples: 2,
  numTokens: 3,
  numBytes: 12,
  numRightTokens: 2,
  generated: { numExamples: 5, numExact: 1, rougeLSum: 3.5 },
};

test("loss and perplexity per token and per byte, and token accuracy, by hand", () => {
  // p = 1/2, 1/4 and 1/8 for three tokens of 12 bytes: ln 64 in all
  const scores = textScores(sums, Math.log(64));
  expect(scores.lossPerToken).toBeCloseTo(2 * Math.log(2), 14);
  expect(scores.perplexityPerToken).toBeCloseTo(4, 13);
  expect(scores.lossPerByte).toBeCloseTo(Math.log(2) / 2, 14);
  expect(scores.perplexityPerByte).toBeCloseTo(Math.SQRT2, 14);
  expect(scores.tokenAccuracy).toBe(2 / 3);
});

test("exact match and ROUGE-L are means over the generated answers, of which there may be fewer than examples", () => {
  expect(textScores(sums, 1)).toMatchObject({ exactMatch: 1 / 5, rougeL: 3.5 / 5 });
  expect(textScores({ ...sums, generated: null }, 1)).toMatchObject({ exactMatch: null, rougeL: null, tokenAccuracy: 2 / 3 });
});

test("a task's metric is the one it names", () => {
  expect(measureText("perplexity", sums, Math.log(64))).toBeCloseTo(4, 13);
  expect(measureText("tokenAccuracy", sums, 1)).toBe(2 / 3);
  expect(measureText("exactMatch", sums, 1)).toBe(1 / 5);
  expect(measureText("rougeL", sums, 1)).toBe(3.5 / 5);
});

test("without tokens every score is null and not NaN", () => {
  for (const score of Object.values(textScores(noText, 0))) expect(score).toBeNull();
});

test("the scores of all texts are those of the sums of their parts, however they are dealt over devices", () => {
  const rouge = fc.nat(400).map((units) => units / 8); // sums of eighths are exact in any order
  const counts = { numTokens: fc.nat(500), numBytes: fc.nat(3000), numRightTokens: fc.nat(500) };
  const generated = fc.option(fc.record({ numExamples: fc.nat(50), numExact: fc.nat(50), rougeLSum: rouge }));
  const part = fc.record({ numExamples: fc.nat(50), ...counts, generated });
  const all = (parts: readonly TextSums[]) => parts.reduce(addTextSums, noText);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.nat(11), (parts, cut) => {
      const whole = all(parts);
      expect(addTextSums(all(parts.slice(0, cut)), all(parts.slice(cut)))).toEqual(whole);
      expect(all([...parts].reverse())).toEqual(whole);
      expect(textScores(whole, 3).tokenAccuracy).toBe(
        whole.numTokens === 0 ? null : parts.reduce((sum, { numRightTokens }) => sum + numRightTokens, 0) / whole.numTokens,
      );
    }),
    { numRuns: 40 },
  );
});

test("a text is exact whatever its case and white space, and not without its punctuation", () => {
  expect(isExactMatch("Sorry for that.\nWe will  refund you.", " sorry for that. we will refund you. ")).toBe(true);
  expect(isExactMatch("Sorry for that.", "Sorry for that")).toBe(false);
  expect(isExactMatch("cafe\u0301", "CAFÉ")).toBe(true);
});

test("a generated answer beside its reference adds 1 where it is exact, and its F of ROUGE-L", () => {
  expect(compareTexts("We will refund you.", "we will refund you.")).toEqual({ numExamples: 1, numExact: 1, rougeLSum: 1 });
  // 3 of 6 words and 3 of 4
  expect(compareTexts("Thank you for the kind words.", "thank you for nothing")).toEqual({ numExamples: 1, numExact: 0, rougeLSum: 0.6 });
  expect(compareTexts("Sorry.", "")).toEqual({ numExamples: 1, numExact: 0, rougeLSum: 0 });
});
