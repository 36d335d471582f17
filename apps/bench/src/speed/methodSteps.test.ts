import { expect, test } from "vitest";
import { besidePrefixPerRow, rowsBeside, type StepTimes } from "./methodSteps.ts";

test("16 tokens in front of texts of 10, 20 and 34 tokens make 112 rows of 64", () => {
  expect(rowsBeside([10, 20, 34], 16)).toBe(112 / 64);
});

test("a step of an input prompt is compared with a prefix step by rows, turn by turn", () => {
  const taken = { inputPrompt: [35, 48, 70], prefix: [10, 20, 25] };
  const times: StepTimes = { devices: [0, 1, 0], of: ({ method }) => taken[method as keyof typeof taken] };
  const lengths = [
    [10, 20, 34], // 1.75 × the rows
    [12, 52], // 1.5 ×
  ];
  expect(besidePrefixPerRow("wasm", times, lengths, { atMost: 1.25 })).toMatchObject({ value: 1.6, holds: false }); // of 2, 1.6 and 1.6
});
