import { expect, test } from "vitest";
import { submitSchema } from "./tasks.ts";

const sums = {
  numExamples: 4,
  numTokens: 40,
  numBytes: 190,
  numRightTokens: 12,
  generated: { numExamples: 3, numExact: 1, rougeLSum: 1.5 },
};
const accepts = (text: object) =>
  submitSchema.safeParse({
    taskId: "0123456789abcdef0123456789abcdef",
    deviceId: 3,
    header: { kind: "evaluate", results: [{ protocol: "global", split: "test", text, lossSum: 99.5 }] },
  }).success;

test("P-3 an evaluation of a text task carries sums that can be true together, and no text", () => {
  expect(accepts(sums)).toBe(true);
  expect(accepts({ ...sums, generated: null })).toBe(true);
  for (const change of [
    { numRightTokens: 41 },
    { generated: { ...sums.generated, numExamples: 5 } },
    { generated: { ...sums.generated, numExact: 4 } },
    { generated: { ...sums.generated, rougeLSum: 3.5 } },
    { numTokens: -1 },
    { answers: ["a text"] },
  ])
    expect(accepts({ ...sums, ...change }), JSON.stringify(change)).toBe(false);
});
