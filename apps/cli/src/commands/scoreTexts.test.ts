import { measureTexts } from "@tutti/record";
import { expect, test } from "vitest";
import { evaluationText, textEvaluationText } from "../evaluationText.ts";
import { splitText } from "../predict/answers.ts";

test("accuracies that commands print say of how many texts they are", () => {
  const record = {
    protocol: "global",
    split: "test",
    accuracy: 0.6771,
    macroF1: 0.66,
    loss: 1,
    numExamples: 288,
    numDevices: 19,
    coverage: 0.95,
  } as const;
  expect(evaluationText(record)).toBe("global: accuracy 0.677 (of 288 texts), coverage 95 %");
  expect(splitText({ ...record, task: "subj" })).toBe("subj, test split: accuracy 0.6771, macro F1 0.6600 (of 288 texts)");
  expect(splitText({ ...record, task: "subj", numExamples: 1 })).toContain("(of 1 text)");
  expect(splitText({ ...record, task: "subj", numExamples: 1288, accuracy: null })).toContain(
    "accuracy –, macro F1 0.6600 (of 1,288 texts)",
  );
});

test("scores of texts that commands print have their names, and say how many answers and texts they are of", () => {
  const sums = { numExamples: 24, numTokens: 80, numBytes: 400, numRightTokens: 30, generated: null };
  const of = (generated: { numExamples: number; numExact: number; rougeLSum: number } | null) =>
    ({ protocol: "zeroShot", split: "test", ...measureTexts({ ...sums, generated }, 240), numDevices: 4, coverage: 0.5 }) as const;
  expect(textEvaluationText(of({ numExamples: 8, numExact: 0, rougeLSum: 1 }))).toBe(
    "untuned: ROUGE-L 0.125 (of 8 answers), token accuracy 0.375, perplexity 20.09 per token (of 24 texts), coverage 50 %", // e^3
  );
  expect(textEvaluationText(of(null))).toBe("untuned: token accuracy 0.375, perplexity 20.09 per token (of 24 texts), coverage 50 %");
});
