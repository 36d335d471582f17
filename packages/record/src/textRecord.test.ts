import type { Contribution, TextResult, TextSums } from "@tutti/core";
import { expect, test } from "vitest";
import { historyPoint, recordStep, shownAnswers, stepRecordSchema } from "./stepRecord.ts";
import { poolTexts, textRecordSchema } from "./textRecord.ts";

const sums = (numTokens: number, numRightTokens: number, generated: TextSums["generated"]): TextSums => ({
  numExamples: 2,
  numTokens,
  numBytes: 4 * numTokens,
  numRightTokens,
  generated,
});

function answer(deviceId: number, results: readonly TextResult[]): Contribution {
  return { deviceId, numExamples: 9, body: { kind: "evaluate", results } };
}

test("the devices' sums are one record for each protocol and split, weighted by tokens and by generated answers", () => {
  const generated = (numExact: number, rougeLSum: number) => ({ numExamples: 2, numExact, rougeLSum });
  const contributions = [
    answer(0, [
      { protocol: "global", split: "test", text: sums(10, 4, generated(1, 1.5)), lossSum: 30 },
      { protocol: "global", split: "validation", text: { ...sums(0, 0, null), numExamples: 0 }, lossSum: 0 },
    ]),
    answer(1, [{ protocol: "global", split: "test", text: sums(30, 4, null), lossSum: 10 }]),
  ];
  const [record, ...more] = poolTexts(contributions, 8);
  expect(more).toEqual([]);
  expect(record).toEqual({
    protocol: "global",
    split: "test",
    lossPerToken: 1,
    perplexityPerToken: Math.E,
    lossPerByte: 0.25,
    perplexityPerByte: Math.exp(0.25),
    tokenAccuracy: 0.2,
    exactMatch: 0.5,
    rougeL: 0.75,
    numExamples: 4,
    numTokens: 40,
    numBytes: 160,
    numGenerated: 2,
    numDevices: 2,
    coverage: 0.25,
  });
  expect(textRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
});

test("where nothing was generated the record says null, and reads back so", () => {
  const [record] = poolTexts([answer(3, [{ protocol: "zeroShot", split: "test", text: sums(5, 1, null), lossSum: 9 }])], 1);
  expect(record).toMatchObject({ exactMatch: null, rougeL: null, numGenerated: 0 });
  expect(textRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toMatchObject({ exactMatch: null, rougeL: null });
});

test("each device's tokens are kept where it answers its own share, and a device without a token is left out", () => {
  const own = (numTokens: number, numRight: number, lossSum: number): TextResult => ({
    protocol: "personalised",
    split: "test",
    text: sums(numTokens, numRight, null),
    lossSum,
  });
  const [record] = poolTexts([answer(4, [own(8, 2, 10)]), answer(6, [own(0, 0, 0)]), answer(9, [own(12, 9, 4)])], 3);
  expect(record?.byDevice).toEqual({ deviceIds: [4, 9], numRightTokens: [2, 9], numTokens: [8, 12], loss: [1.25, 0.3333] });
  expect(record?.numDevices).toBe(3);
  const [shared] = poolTexts([answer(4, [{ ...own(8, 2, 10), protocol: "global" }])], 3);
  expect(shared).not.toHaveProperty("byDevice");
});

test("a point of the pages' curves has what is shown of texts while the run goes, and a step the answers for its report", () => {
  const generated = { numExamples: 2, numExact: 0, rougeLSum: 0.5 };
  const result: TextResult = { protocol: "newcomer", split: "test", text: sums(8, 3, generated), lossSum: 20 };
  const plan = {
    stage: "train",
    round: 2,
    step: 2,
    attempt: 1,
    payloads: [],
    tasks: [],
    deadlineMs: null,
    quorum: 1,
    numDevices: 1,
  } as const;
  const measures = { seconds: 3, bytes: { up: 0, down: 0, takenOver: { up: 0, down: 0 } } };
  const evaluated = recordStep(plan, [answer(0, [result])], measures);
  expect(historyPoint(evaluated)).toEqual({
    stage: "train",
    round: 2,
    trainLoss: null,
    evaluations: [
      { protocol: "newcomer", split: "test", loss: 2.5, numExamples: 2, text: { tokenAccuracy: 0.375, exactMatch: 0, rougeL: 0.25 } },
    ],
  });
  const answers = [{ prompt: "hello", reference: "good day", answer: "good" }];
  const answered = recordStep(plan, [{ deviceId: 100_000, numExamples: 1, body: { kind: "answers", answers } }], measures);
  expect(stepRecordSchema.parse(JSON.parse(JSON.stringify(answered)))).toEqual(answered);
  expect(shownAnswers([evaluated, answered])).toEqual(answers);
  expect(shownAnswers([evaluated])).toBeNull();
});
