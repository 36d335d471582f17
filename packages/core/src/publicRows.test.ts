import { expect, test } from "vitest";
import { publicRows } from "./publicRows.ts";
import { fedAvg } from "./strategies/fedAvg.ts";
import { fedPt } from "./strategies/fedPt.ts";

const strategy = { ...fedPt.defaults, distillFraction: 0.25 };

test("a quarter of the rows is public, drawn by the seed, each once and in order", () => {
  const rows = publicRows({ seed: 7, strategy }, 40);
  expect(rows).toHaveLength(10);
  expect([...new Set(rows)].sort((a, b) => a - b)).toEqual(rows);
  expect(rows.every((row) => row >= 0 && row < 40)).toBe(true);
  expect(publicRows({ seed: 7, strategy }, 40)).toEqual(rows);
  expect(publicRows({ seed: 8, strategy }, 40)).not.toEqual(rows);
});

test("a strategy that distils nothing has no public rows", () => {
  expect(publicRows({ seed: 7, strategy: fedAvg.defaults }, 40)).toEqual([]);
});

test("where the public texts are another file's, all training rows go to devices", () => {
  const distillText = { from: "letters.csv", kind: "reply", sha256: "ab".repeat(32), numTexts: 9 } as const;
  expect(publicRows({ seed: 7, strategy: { ...strategy, distillText } }, 40)).toEqual([]);
});
