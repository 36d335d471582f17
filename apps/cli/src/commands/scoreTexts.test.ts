import { expect, test } from "vitest";
import { evaluationText } from "../evaluationText.ts";
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
