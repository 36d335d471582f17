import type { TextSums } from "@tutti/core";
import { expect, test } from "vitest";
import type { JournalledDevice } from "../journal/journal.ts";
import { checkCounts, evaluatedBy } from "./evaluatedRows.ts";

const rows = (numRows: number) => ({ numRows, numBytes: 30 * numRows });
const own = { personalised: rows(4), test: rows(5), validation: rows(2) };
const sums: TextSums = { numExamples: 5, numTokens: 60, numBytes: 150, numRightTokens: 9, generated: null };
const found = (text: Partial<TextSums>, protocol: "personalised" | "newcomer" = "newcomer") =>
  checkCounts({ protocol, split: "test", text: { ...sums, ...text }, lossSum: 3 }, own);

test("P-132: sums over texts are bounded by the rows and bytes of the device's share", () => {
  expect(found({})).toBeNull();
  expect(found({ numExamples: 6 })).toEqual({
    refused: "P-132",
    message: "header.results: newcomer/test counts 6 examples, expected at most 5",
  });
  expect(found({}, "personalised")?.message).toContain("personalised/test counts 5 examples, expected at most 4");
  expect(found({ numBytes: 151 })?.message).toContain("counts 151 bytes, expected at most 150");
  expect(found({ numTokens: 1655 })).toBeNull();
  expect(found({ numTokens: 1656 })?.message).toContain("counts 1656 tokens, expected at most 1655");
  expect(checkCounts({ protocol: "global", split: "test", text: { ...sums, numExamples: 99 }, lossSum: 3 }, null)).toBeNull();
});

test("a device counts its share's rows, one with own examples at most the split's", () => {
  const known = { shares: [own, { ...own, test: rows(6) }], whole: { ...own, test: rows(11) } };
  const device = (share?: number | null) => ({ deviceId: 1, ...(share === undefined ? {} : { share }) }) as JournalledDevice;
  expect(evaluatedBy(device(), known)?.test.numRows).toBe(6);
  expect(evaluatedBy(device(0), known)?.test.numRows).toBe(5);
  expect(evaluatedBy(device(null), known)?.test.numRows).toBe(11);
  expect(evaluatedBy(null, known)).toBeNull();
  expect(evaluatedBy(device(), null)).toBeNull();
});
